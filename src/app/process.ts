import { ConfigError, StartError } from '../lib/errors.ts'

/** How much longer than its grace period a stop may take before it is cut short. */
export const STOP_MARGIN_MS = 10_000

/** A terminal's Ctrl-C comes twice under npm, some milliseconds apart: what comes so soon is the same signal. */
const SAME_SIGNAL_MS = 2_000

/**
 * Runs until SIGTERM or SIGINT, then stops and exits 0. A second signal aborts the result: what still runs is to be given
 * back, in an orderly way. A third one, or a stop that takes longer than `patienceMs` (10 s from a second signal on), ends at
 * once.
 */
export const runUntilSignal = (
  stop: (hurry: AbortSignal) => Promise<void>,
  patienceMs: number,
): void => {
  const hurry = new AbortController()
  let lastAt: number | undefined
  const exitAfter = (ms: number) => setTimeout(() => process.exit(1), ms).unref()
  const begin = () => {
    exitAfter(patienceMs)
    stop(hurry.signal).then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  const onSignal = () => {
    const before = lastAt
    if (before !== undefined && performance.now() - before < SAME_SIGNAL_MS) return
    lastAt = performance.now()
    if (before === undefined) return begin()
    if (hurry.signal.aborted) process.exit(1)
    hurry.abort()
    exitAfter(STOP_MARGIN_MS)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}

/** Runs a command; what an operator can mend is said in plain words, without a stack. */
export const runCommand = async (command: () => Promise<void>): Promise<void> => {
  try {
    await command()
  } catch (error) {
    const isExpected = error instanceof ConfigError || error instanceof StartError
    process.stderr.write(`${isExpected ? error.message : ((error as Error)?.stack ?? error)}\n`)
    process.exit(1)
  }
}
