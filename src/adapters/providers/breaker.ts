import type { CallSubject, GuardCall } from '../../generation/ports.ts'
import { AppError, isProviderError, type ProviderErrorCode } from '../../lib/errors.ts'

/** What says that the provider is down, or that it can't serve this one request: the company it keeps tells which. */
const OUTAGES: ReadonlySet<ProviderErrorCode> = new Set(['overloaded', 'timeout', 'ambiguous'])

export type BreakerOptions = {
  /** So many prompts must have met an outage last, of those called for within the window. */
  failures: number
  windowMs: number
  /** How often calls may try a model that is down. */
  resetMs: number
  /** Called when the first model goes down, and when the last is back. */
  onChange: (isOpen: boolean) => void
}

/**
 * Keeps calls from a model that is down, for each model by itself (ADR 13). One owner's prompts stop no other owner: what they
 * alone meet keeps back theirs, and only outages of several owners, and of most of them, keep back everyone. While a model
 * is down some calls of each period try it; the first that is answered ends the outage. What a call with a caller's own key meets counts
 * for calls with that key alone, and is no outage to be told of.
 */
export const createProviderBreaker = (options: BreakerOptions): GuardCall => {
  const circuits = new Map<string, Circuit>()
  /** By account and model. They come and go as keys do; the longest unused is the first. */
  const ofCallers = new Map<string, Circuit>()
  let isOpen = false
  const circuitOf = ({ provider, model, upstreamAccount }: CallSubject): Circuit => {
    const own = upstreamAccount ? ofCallers : circuits
    const name = upstreamAccount
      ? `${upstreamAccount} ${provider} ${model}`
      : `${provider} ${model}`
    const circuit = own.get(name) ?? createCircuit(options)
    own.delete(name)
    own.set(name, circuit)
    const [oldest = name] = own.keys()
    if (ofCallers.size > MAX_OF_CALLERS) ofCallers.delete(oldest)
    return circuit
  }
  const tell = () => {
    const isOpenNow = [...circuits.values()].some((circuit) => circuit.isDown())
    if (isOpenNow !== isOpen) options.onChange(isOpenNow)
    isOpen = isOpenNow
  }
  return async (subject, call) => {
    const circuit = circuitOf(subject)
    const { waitMs, isTrial } = circuit.admit(subject)
    tell()
    if (waitMs > 0) throw unavailable(waitMs)
    try {
      const result = await call(isTrial)
      circuit.record(subject, 'answered')
      return result
    } catch (error) {
      circuit.record(subject, judge(error))
      throw error
    } finally {
      tell()
    }
  }
}

type Circuit = ReturnType<typeof createCircuit>

const MAX_OF_CALLERS = 1_000

type Outcome = 'answered' | 'outage' | 'unknown'

/** A limit, and what our own side ended, say nothing either way. */
const judge = (error: unknown): Outcome => {
  if (!isProviderError(error) || error.code === 'rate_limited') return 'unknown'
  return OUTAGES.has(error.code) ? 'outage' : 'answered'
}

const unavailable = (retryAfterMs: number) =>
  new AppError(
    'provider_unavailable',
    'The image model has not been answering; it is tried again from time to time.',
    { retryable: true, retryAfterMs },
  )

/** Fewer owners could each have a bad prompt. */
const MIN_OWNERS = 3
/** Of the owners, and of an owner's prompts, that were called for lately. */
const MIN_SHARE = 0.5
/** The newest are enough to tell. */
const MAX_RECORDS = 2_000

type LastCall = { ownerId: string; isOutage: boolean; at: number }

const createCircuit = ({ failures, windowMs, resetMs }: BreakerOptions) => {
  /** Of each prompt the last call, the oldest first: however often one fails, it counts once. */
  const lastCalls = new Map<string, LastCall>()
  const keptBack = new Map<string, ReturnType<typeof createTrials>>()
  /** True while nobody has been answered since an owner was kept back. */
  let isSilent = false
  let everyone: ReturnType<typeof createTrials> | undefined

  const admit = ({ ownerId, fingerprint }: CallSubject) => {
    forgetOld()
    const own = keptBack.get(ownerId)
    const waitMs = Math.max(everyone?.waitMs(ownerId) ?? 0, own?.waitMs(fingerprint) ?? 0)
    if (waitMs === 0) {
      everyone?.take(ownerId)
      own?.take(fingerprint)
    }
    return { waitMs, isTrial: everyone !== undefined || own !== undefined }
  }

  const record = ({ ownerId, fingerprint }: CallSubject, outcome: Outcome): void => {
    if (outcome === 'unknown') return
    const isOutage = outcome === 'outage'
    lastCalls.delete(fingerprint)
    lastCalls.set(fingerprint, { ownerId, isOutage, at: performance.now() })
    forgetOld()
    if (isOutage) keepBack(ownerId)
    else letGo(ownerId)
  }

  /** What is down by what has been forgotten is so no more. */
  const forgetOld = (): void => {
    const since = performance.now() - windowMs
    const before = lastCalls.size
    for (const [fingerprint, { at }] of lastCalls) {
      if (at >= since && lastCalls.size <= MAX_RECORDS) break
      lastCalls.delete(fingerprint)
    }
    if (lastCalls.size === before) return
    const owners = countByOwner(lastCalls.values())
    if (owners.size === 0) everyone = undefined
    for (const ownerId of keptBack.keys()) if (!owners.has(ownerId)) keptBack.delete(ownerId)
  }

  const keepBack = (ownerId: string): void => {
    const owners = countByOwner(lastCalls.values())
    const failing = [...owners.values()].filter(isFailing)
    const failed = failing.reduce((sum, { outages }) => sum + outages, 0)
    const isOwners = failing.length >= MIN_OWNERS && failing.length / owners.size >= MIN_SHARE
    if (isOwners && failed >= failures) everyone ??= createTrials(resetMs)
    const own = owners.get(ownerId)
    if (own && isFailing(own) && own.outages >= failures && !keptBack.has(ownerId)) {
      keptBack.set(ownerId, createTrials(resetMs))
      isSilent = true
    }
  }

  /** The model answered this owner. What others met while everyone was kept back was the outage that is over now. */
  const letGo = (ownerId: string): void => {
    isSilent = false
    if (everyone) {
      everyone = undefined
      keptBack.clear()
      lastCalls.clear()
    }
    if (!keptBack.delete(ownerId)) return
    for (const [fingerprint, call] of lastCalls) {
      if (call.ownerId === ownerId) lastCalls.delete(fingerprint)
    }
  }

  return { admit, record, isDown: () => everyone !== undefined || (isSilent && keptBack.size > 0) }
}

type Count = { calls: number; outages: number }

const countByOwner = (lastCalls: Iterable<LastCall>): Map<string, Count> => {
  const counts = new Map<string, Count>()
  for (const { ownerId, isOutage } of lastCalls) {
    const { calls, outages } = counts.get(ownerId) ?? { calls: 0, outages: 0 }
    counts.set(ownerId, { calls: calls + 1, outages: outages + Number(isOutage) })
  }
  return counts
}

const isFailing = ({ calls, outages }: Count): boolean => outages / calls >= MIN_SHARE

/** More than one, since the first to come may have the prompt that fails always. */
const TRIALS = 3

/** How often something that is down is tried: by so many in each period but the first, each another one. */
const createTrials = (periodMs: number) => {
  let endsAt = performance.now() + periodMs
  let tried: Set<string> | undefined

  /** How long until this one may try; 0: now. */
  const waitMs = (name: string): number => {
    const now = performance.now()
    if (now >= endsAt) {
      tried = new Set()
      endsAt = now + periodMs
    }
    const mayTry = tried && tried.size < TRIALS && !tried.has(name)
    return mayTry ? 0 : Math.max(1, Math.ceil(endsAt - now))
  }
  const take = (name: string): void => void tried?.add(name)
  return { waitMs, take }
}
