import { DatabaseAway } from '../../db/away.ts'
import { ConfigError, StartError } from '../lib/errors.ts'
import { formatFinding } from '../lib/finding.ts'
import { createDisposables, type Disposables } from './disposables.ts'

/** How much longer than its grace period a stop may take before it is cut short. */
export const STOP_MARGIN_MS = 10_000

/** A terminal's Ctrl-C comes twice under npm, some milliseconds apart: what comes so soon is the same signal. */
const SAME_SIGNAL_MS = 1_500

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

export type Life = {
  /** Has something released when the process stops, what was acquired last first. */
  push: Disposables['push']
  /** Aborted when the process is to stop: a start that is under way is given up at its next step. */
  signal: AbortSignal
  /** Aborted when it is told so again: what still runs is to be given back, in an orderly way. */
  hurry: AbortSignal
}

type LifeOptions = {
  /** A stop that takes longer ends at once. */
  patienceMs: number
  onReleaseError: (error: unknown) => void
}

/**
 * Starts something and keeps it until SIGTERM, SIGINT or SIGHUP; then releases what the start has acquired, also in the middle of it,
 * and exits 0, or with `process.exitCode`. A second signal hurries the stop, which then has 10 s; a third one ends at once. Rejects when
 * the start fails, having released what there was.
 */
export const runUntilSignal = async (
  start: (life: Life) => Promise<void>,
  { patienceMs, onReleaseError }: LifeOptions,
): Promise<void> => {
  const { push, releaseAll } = createDisposables(onReleaseError)
  const stopping = new AbortController()
  const hurrying = new AbortController()
  const { signal } = stopping
  let starting: Promise<void> = Promise.resolve()
  const stop = async () => {
    stopping.abort()
    exitAfter(patienceMs)
    await starting.catch(() => {})
    await releaseAll()
    process.exit()
  }
  const hurry = () => {
    if (hurrying.signal.aborted) process.exit(1)
    hurrying.abort()
    exitAfter(STOP_MARGIN_MS)
  }
  let toldAtMs = Number.NEGATIVE_INFINITY
  const onSignal = () => {
    if (performance.now() - toldAtMs < SAME_SIGNAL_MS) return
    toldAtMs = performance.now()
    if (signal.aborted) hurry()
    else void stop()
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  starting = start({ push, signal, hurry: hurrying.signal })
  try {
    await starting
  } catch (error) {
    // What was given up is no failure.
    if (signal.aborted) return
    await releaseAll()
    throw error
  }
}

const exitAfter = (ms: number) => setTimeout(() => process.exit(1), ms).unref()

/** Runs a command; what an operator can mend is said in plain words, without a stack. */
export const runCommand = async (command: () => Promise<void>): Promise<void> => {
  try {
    await command()
  } catch (error) {
    process.stderr.write(`${await describe(error)}\n`)
    process.exit(1)
  }
}

const describe = async (error: unknown): Promise<string> => {
  if (error instanceof ConfigError || error instanceof StartError) return error.message
  if (error instanceof DatabaseAway) {
    // Not every command has loaded the driver.
    const { explainDatabase } = await import('../../db/examine.ts')
    return formatFinding(explainDatabase(error))
  }
  return (error as Error)?.stack ?? String(error)
}
