import type { RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'
import { type Principal, principalOf } from './auth.ts'

/** Everybody's. */
export const ALL_OWNERS = '*'

/**
 * Whose things a request is about: the caller's own, or those of the owner that an operator named; undefined for
 * everybody's. Throws `forbidden` when anyone else names another owner.
 */
export const parseScope = (
  { ownerId, isAdmin }: Principal,
  asked: string | undefined,
): string | undefined => {
  if (asked === undefined || asked === ownerId) return ownerId
  if (!isAdmin) throw forbidden("Only operators may ask for another owner's.")
  return asked === ALL_OWNERS ? undefined : asked
}

/** Throws `forbidden` for everyone but operators. */
export const assertOperator = ({ isAdmin }: Principal): void => {
  if (!isAdmin) throw forbidden('Only operators may see this: the token needs "role": "admin".')
}

/** Lets operators on, and ends with `forbidden` for everyone else. */
export const requireOperator: RequestHandler = (_req, res, next) => {
  assertOperator(principalOf(res))
  next()
}

const forbidden = (message: string) => new AppError('forbidden', message)
