import type { Response } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import type { Gateway } from './gateway.ts'

/** Bounds what an owner has open at once: what is waited for, and what is read for it. */
export const createHoldPlace =
  ({ places }: Pick<HttpContext, 'places'>, ownerCalls: number): Gateway['holdPlace'] =>
  (res: Response) => {
    const leave = places.take(`calls of ${principalOf(res).ownerId}`, ownerCalls)
    res.once('close', leave)
    if (res.closed) leave()
  }
