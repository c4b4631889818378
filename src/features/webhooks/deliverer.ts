import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { runEvery } from '../../lib/run-every.ts'
import type { ClaimLimits } from './claim.ts'

export type DelivererDeps<Delivery> = {
  /** Takes what is due, for as long as the lease holds. */
  claim: (limits: ClaimLimits) => Promise<Delivery[]>
  /** Whose turn a delivery is. */
  turnOf: (delivery: Delivery) => string
  /** One attempt; must end soon once the signal aborts. */
  deliver: (delivery: Delivery, letGo: AbortSignal) => Promise<void>
  /** Makes due what nobody has made so, before each look without a nudge. */
  prepare: () => Promise<void>
  /** Calls back when something is to be delivered. Returns the way to stop. */
  onWake: (listener: () => void) => () => void
  /** How often to look without a nudge. */
  intervalMs: number
  /** Longer than an attempt takes: after it another worker repeats the delivery. */
  leaseMs: number
  onError: (error: unknown) => void
}

/** Of one worker at once: in all, and of one endpoint's or owner's, so that a slow one leaves room for the others. */
const MAX_UNDER_WAY = 32
const MAX_EACH = 4

/** Delivers what is due, from `start` on; `stop` takes no more and lets attempts end within the time it is given. */
export const createDeliverer = <Delivery>(deps: DelivererDeps<Delivery>) => {
  const { claim, turnOf, deliver, prepare, onWake, intervalMs, leaseMs, onError } = deps
  const running = new Set<Promise<void>>()
  const underWay = new Map<string, number>()
  const letGo = new AbortController()
  setMaxListeners(0, letGo.signal)
  let looking: Promise<void> | undefined
  let hasNews = false
  let isStopped = false
  let stopLooking = async () => {}

  /** Takes what is due until there is nothing or no room; a call meanwhile makes it look once more. */
  const look = (): Promise<void> => {
    hasNews = true
    looking ??= takeAll()
      .catch(onError)
      .finally(() => {
        looking = undefined
      })
    return looking
  }
  const takeAll = async () => {
    while (hasNews && !isStopped && running.size < MAX_UNDER_WAY) {
      hasNews = false
      const free = MAX_UNDER_WAY - running.size
      const taken = await claim({ free, maxEach: MAX_EACH, underWay, leaseMs })
      for (const delivery of taken) begin(delivery)
      hasNews ||= taken.length > 0
    }
  }
  const begin = (delivery: Delivery) => {
    count(turnOf(delivery), 1)
    const attempt = deliver(delivery, letGo.signal)
      .catch(onError)
      .finally(() => {
        running.delete(attempt)
        count(turnOf(delivery), -1)
        void look()
      })
    running.add(attempt)
  }
  const count = (turn: string, by: 1 | -1) => {
    const now = (underWay.get(turn) ?? 0) + by
    if (now > 0) underWay.set(turn, now)
    else underWay.delete(turn)
  }

  const start = () => {
    const unsubscribe = onWake(() => void look())
    const sweep = async () => {
      await prepare()
      await look()
    }
    const sweeper = runEvery(sweep, { intervalMs, onError })
    stopLooking = async () => {
      unsubscribe()
      await sweeper.stop()
    }
    void look()
  }
  const stop = async (graceMs: number): Promise<void> => {
    isStopped = true
    await stopLooking()
    const timer = new AbortController()
    const ended = Promise.all([looking, ...running])
    await Promise.race([ended, delay(graceMs, undefined, { signal: timer.signal }).catch(() => {})])
    timer.abort()
    letGo.abort(new Error('the worker is stopping'))
    await Promise.all(running)
  }
  return { start, stop }
}
