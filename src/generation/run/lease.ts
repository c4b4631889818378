import type { Database } from '../../../db/database.ts'
import { type Claim, extendLease } from '../state/transitions.ts'

/** Why a run was cut short by our own side. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly reason: 'claim_lost' | 'shutdown'

  constructor(reason: 'claim_lost' | 'shutdown') {
    super(reason)
    this.reason = reason
  }
}

/**
 * How long it is from now until a time of a claimed row. Postgres's clock tells where it stood at the claim, a stopwatch
 * what has passed since: what the worker's own clock says changes nothing.
 */
export type Countdown = (until: Date) => number

export const startCountdown = ({ asOf }: { asOf: Date }): Countdown => {
  const startedAt = performance.now()
  return (until) => until.getTime() - asOf.getTime() - (performance.now() - startedAt)
}

/** How often a lease is extended within its own length: two beats may be missed. */
const BEATS_PER_LEASE = 3

/** While Postgres is away it is asked this often, so that the holder extends its lease before others can claim. */
const RETRY_MS = 300

/**
 * Keeps a claim alive, and aborts `signal` with `Interrupted` when it no longer stands (canceled, or taken over
 * after a lapse) or when `shutdown` aborts. `check` looks at once: call it when the row may have changed.
 * Release with `stop`.
 */
export const holdLease = (
  { db, leaseMs, shutdown }: { db: Database; leaseMs: number; shutdown: AbortSignal },
  claim: Claim,
) => {
  const controller = new AbortController()
  let retry: NodeJS.Timeout | undefined
  let isStopped = false
  const check = async () => {
    try {
      if (!(await extendLease(db, claim, leaseMs))) controller.abort(new Interrupted('claim_lost'))
    } catch {
      // While Postgres is away no other worker can claim either.
      clearTimeout(retry)
      if (!isStopped) retry = setTimeout(check, RETRY_MS)
    }
  }
  const beat = setInterval(check, leaseMs / BEATS_PER_LEASE)
  const onShutdown = () => controller.abort(new Interrupted('shutdown'))
  if (shutdown.aborted) onShutdown()
  shutdown.addEventListener('abort', onShutdown, { once: true })
  const stop = () => {
    isStopped = true
    clearInterval(beat)
    clearTimeout(retry)
    shutdown.removeEventListener('abort', onShutdown)
  }
  return { signal: controller.signal, check, stop }
}
