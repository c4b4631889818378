import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { AppError } from '../../../lib/errors.ts'
import { runEvery } from '../../../lib/run-every.ts'
import {
  createWindowCounts,
  type ShareCounts,
  type WindowCounts,
} from '../../../lib/window-counts.ts'
import type { Identify, Principal } from '../auth.ts'
import { SESSION_COOKIE } from '../sessions.ts'
import { addressOf } from './client-address.ts'
import { RATE_WINDOW_SECONDS, type RateClass, type RateLimits, ruleOf } from './rate-classes.ts'
import {
  refuseAddress,
  refuseKey,
  refuseOwner,
  type Standing,
  setRateHeaders,
} from './rate-limited.ts'
import { findRateClass } from './route-classes.ts'

export type Rates = ReturnType<typeof createRates>

type Options = {
  /** Undefined: nothing is limited. */
  limits: RateLimits | undefined
  /** An address may do this many times what an owner may: behind one there can be an office, or a back end for all its people. */
  addressFactor: number
  share: ShareCounts
  /** Called when the other processes can't be told: each goes on counting for itself. */
  onError: (error: Error) => void
  /** Called where a proxy says whom it asks for and is not believed; absent where it is. */
  onForwarded?: (() => void) | undefined
}

const WINDOW_MS = RATE_WINDOW_SECONDS * 1_000
/** Some 20 MB of them. */
const MAX_KEYS = 100_000
const SHARE_EVERY_MS = 500
const SHARED_AT_ONCE = 100

/**
 * Bounds what owners, keys and addresses do in a minute. Counting is done in memory, and what all processes should know of is
 * told in the background, so that no request waits for it (ADR 52). Release with `stop`.
 */
export const createRates = (options: Options) => {
  const { limits, addressFactor, share, onError, onForwarded } = options
  const owners = createWindowCounts({ windowMs: WINDOW_MS, maxKeys: MAX_KEYS })
  const addresses = createWindowCounts({ windowMs: WINDOW_MS, maxKeys: MAX_KEYS })

  /** Before anything is read of a request. Throws `RateLimited`. */
  const boundAddress: RequestHandler = (req, res, next) => {
    const rateClass = findRateClass(req.method, req.path) ?? 'page'
    if (rateClass === 'probe') return next()
    res.locals.rateClass = rateClass
    if (!limits) return next()
    if (onForwarded && req.headers['x-forwarded-for'] !== undefined) onForwarded()
    if (rateClass === 'sign-in') assertMayTry(limits, addressOf(req))
    else takeAddress(limits, rateClass, addressOf(req))
    next()
  }

  const takeAddress = (limits: RateLimits, rateClass: RateClass, address: string): void => {
    const { by, isShared } = ruleOf(rateClass)
    const limit = limits[rateClass] * (by === 'owner' ? addressFactor : 1)
    const taken = addresses.take(`${rateClass} ${address}`, limit, { isShared })
    const policy = by === 'owner' ? `${rateClass}-address` : rateClass
    if (!taken.isTaken) throw refuseAddress(rateClass, { ...taken, policy, limit })
  }

  /** Only what fails counts: an office where all sign in at nine has one address. */
  const assertMayTry = (limits: RateLimits, address: string): void => {
    const limit = limits['sign-in']
    if (!addresses.isUsedUp(`sign-in ${address}`, limit)) return
    const taken = addresses.take(`sign-in ${address}`, limit)
    throw refuseAddress('sign-in', { ...taken, policy: 'sign-in', limit })
  }

  /** Counts what failed to say who it is, and answers 429 in its place from some number on. */
  const countFailures: ErrorRequestHandler = (error: unknown, req, res, next) => {
    const isFailure = error instanceof AppError && error.code === 'unauthenticated'
    if (!limits || !isFailure || !hasCredentials(req, res)) return next(error)
    const limit = limits['sign-in']
    const taken = addresses.take(`sign-in ${addressOf(req)}`, limit, { isShared: true })
    next(taken.isTaken ? error : refuseAddress('sign-in', { ...taken, policy: 'sign-in', limit }))
  }

  /** Tells who calls, and throws `RateLimited` where that has been too often. */
  const boundCaller =
    (identify: Identify): Identify =>
    async (req, token) => {
      const principal = await identify(req, token)
      if (req.res) takeCaller(principal, req.res)
      return principal
    }

  const takeCaller = ({ ownerId, key }: Principal, res: Response): void => {
    const rateClass: RateClass | undefined = res.locals.rateClass
    if (rateClass === undefined) return
    const isByKey = rateClass === 'ask' && key?.rates
    const ofKey = isByKey && takeKey(key.id, isByKey.perMinute)
    // Events are counted one by one, once they are known.
    const isByOwner = limits && ruleOf(rateClass).by === 'owner' && rateClass !== 'telemetry'
    const ofOwner = isByOwner && takeOwner(limits, rateClass, ownerId, 1)
    const standing = tighterOf(ofKey || undefined, ofOwner || undefined)
    if (standing) setRateHeaders(res, standing)
  }

  const takeKey = (keyId: string, limit: number): Standing => {
    const taken = owners.take(`key ${keyId}`, limit, { isShared: true })
    const standing = { ...taken, policy: 'key', limit }
    if (!taken.isTaken) throw refuseKey(standing)
    return standing
  }

  const takeOwner = (
    limits: RateLimits,
    rateClass: RateClass,
    ownerId: string,
    points: number,
  ): Standing => {
    const limit = limits[rateClass]
    const { isShared } = ruleOf(rateClass)
    const taken = owners.take(`${rateClass} ${ownerId}`, limit, { points, isShared })
    const standing = { ...taken, policy: rateClass, limit }
    if (!taken.isTaken) throw refuseOwner(rateClass, standing)
    return standing
  }

  /** Counts an owner's events. Throws `RateLimited`. */
  const takeEvents = (ownerId: string, count: number): void => {
    if (limits) takeOwner(limits, 'telemetry', ownerId, count)
  }
  /** Counts a new generation; the result takes that back where there was one already. Throws `RateLimited`. */
  const takeNew = (ownerId: string): (() => void) => {
    if (limits) takeOwner(limits, 'new', ownerId, 1)
    return () => owners.putBack(`new ${ownerId}`)
  }

  /** Why no new generation of an owner may begin now; undefined where one may. Counts nothing. */
  const findNewRefusal = (ownerId: string): AppError | undefined => {
    const limit = limits?.new
    if (limit === undefined || !owners.isUsedUp(`new ${ownerId}`, limit)) return undefined
    return refuseOwner('new', { ...owners.take(`new ${ownerId}`, limit), policy: 'new', limit })
  }

  const shareAll = () => Promise.all([owners, addresses].map((counts) => tellOthers(counts, share)))
  let sharing: ReturnType<typeof runEvery> | undefined
  const start = (): void => {
    const report = (error: unknown) => onError(error as Error)
    sharing = runEvery(shareAll, { intervalMs: SHARE_EVERY_MS, onError: report })
  }
  const stop = async (): Promise<void> => sharing?.stop()

  return {
    boundAddress,
    countFailures,
    boundCaller,
    takeEvents,
    takeNew,
    findNewRefusal,
    start,
    stop,
  }
}

/** Tells the other processes what was counted here, and learns what all have. */
const tellOthers = async (counts: WindowCounts, share: ShareCounts): Promise<void> => {
  const untold = counts.takeUntold(SHARED_AT_ONCE)
  if (untold.length === 0) return
  try {
    const sums = await share(untold, WINDOW_MS)
    for (const [at, sum] of sums.entries()) counts.adopt(untold[at]?.key ?? '', sum)
  } catch (error) {
    for (const each of untold) counts.giveBack(each)
    throw error
  }
}

/** Where tokens and keys are sent. */
const CREDENTIALS = ['authorization', 'x-api-key', 'x-goog-api-key']

const hasCredentials = (req: Request, res: Response): boolean =>
  CREDENTIALS.some((name) => req.headers[name] !== undefined) ||
  res.locals.hasSecret ||
  req.headers.cookie?.includes(SESSION_COOKIE) ||
  ['sign-in', 'hook'].includes(res.locals.rateClass)

const tighterOf = (a: Standing | undefined, b: Standing | undefined): Standing | undefined => {
  if (!a || !b) return a ?? b
  return a.remaining <= b.remaining ? a : b
}
