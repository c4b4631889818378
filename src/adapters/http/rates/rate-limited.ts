import type { Response } from 'express'
import { AppError } from '../../../lib/errors.ts'
import type { Taken } from '../../../lib/window-counts.ts'
import { RATE_CLASSES, RATE_WINDOW_SECONDS, type RateClass } from './rate-classes.ts'

/** What was counted, and how it stands: `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
export type Standing = Taken & { policy: string; limit: number }

/** Too much within a minute; the answer's headers say of what, and for how long. */
export class RateLimited extends AppError {
  override readonly name = 'RateLimited'
  readonly standing: Standing

  constructor(message: string, standing: Standing) {
    super('rate_limited', message, { retryable: true, retryAfterMs: standing.resetMs })
    this.standing = standing
  }
}

export const refuseOwner = (rateClass: RateClass, standing: Standing) =>
  new RateLimited(`An owner may ${describe(rateClass, standing.limit)} a minute.`, standing)

export const refuseAddress = (rateClass: RateClass, standing: Standing) =>
  new RateLimited(`One address may ${describe(rateClass, standing.limit)} a minute.`, standing)

export const refuseKey = (standing: Standing) =>
  new RateLimited(`This key may ask for images ${standing.limit} times a minute.`, standing)

export const setRateHeaders = (res: Response, { policy, limit, remaining, resetMs }: Standing) => {
  res.setHeader('RateLimit-Policy', `"${policy}";q=${limit};w=${RATE_WINDOW_SECONDS}`)
  res.setHeader('RateLimit', `"${policy}";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`)
}

const describe = (rateClass: RateClass, limit: number): string =>
  RATE_CLASSES[rateClass].says.replace(/\d+/, String(limit))
