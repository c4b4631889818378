import { ConfigError, StartError } from '../lib/errors.ts'

/** How much longer than its grace period a stop may take before it is cut short. */
export const STOP_MARGIN_MS = 10_000

/**
 * Runs until SIGTERM or SIGINT, then stops and exits 0. A second signal, or a stop that takes longer than
 * `patienceMs`, ends at once.
 */
export const runUntilSignal = (stop: () => Promise<void>, patienceMs: number): void => {
  let isStopping = false
  const onSignal = () => {
    if (isStopping) process.exit(1)
    isStopping = true
    setTimeout(() => process.exit(1), patienceMs).unref()
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
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
