import type { Request, Response } from 'express'
import type { UpstreamKeyRule } from '../../contract/vocabulary.ts'
import {
  type Payer,
  UPSTREAM_KEY_HEADER,
  upstreamKeyRequired,
} from '../../generation/state/upstream-keys.ts'
import { AppError } from '../../lib/errors.ts'
import { keyIdOf, principalOf } from './auth.ts'
import type { Principal } from './principal.ts'

/**
 * Who pays for what a request asks for. Throws `invalid_request` for what can't be a key, `refused_by_policy` for one that may not be
 * brought, and `upstream_key_required` where one must be and is not.
 */
export type PayerOf = (req: Request, res: Response) => Payer

export type UpstreamKeys = {
  payerOf: PayerOf
  /** The same of what costs nothing: no key is required for it. */
  payerOfFree: PayerOf
  /** Of what only the server's own key can pay for. Throws where one of the caller's came, or would have to. */
  assertServerPays: (req: Request, res: Response) => void
  ruleOf: (principal: Principal) => UpstreamKeyRule
}

/** Longer than any provider's, and shorter than any that could be guessed. */
const KEY = /^[\x21-\x7e]{16,512}$/

/** Reads callers' own keys for the provider, which are neither kept nor repeated here. `rule`: where a key has none of its own. */
export const createUpstreamKeys = (rule: UpstreamKeyRule): UpstreamKeys => {
  const ruleOf = ({ key }: Principal): UpstreamKeyRule => key?.upstreamKeys ?? rule

  const payerOfFree: PayerOf = (req, res) => {
    const upstreamKey = parseKey(req)
    if (upstreamKey !== undefined && ruleOf(principalOf(res)) === 'off') throw notAllowed()
    return { keyId: keyIdOf(res), upstreamKey }
  }
  const isRequired = (res: Response): boolean => ruleOf(principalOf(res)) === 'required'

  const payerOf: PayerOf = (req, res) => {
    const payer = payerOfFree(req, res)
    if (payer.upstreamKey === undefined && isRequired(res)) throw upstreamKeyRequired()
    return payer
  }
  const assertServerPays: UpstreamKeys['assertServerPays'] = (req, res) => {
    if (parseKey(req) !== undefined || isRequired(res)) throw notHere()
  }
  return { payerOf, payerOfFree, assertServerPays, ruleOf }
}

const parseKey = (req: Request): string | undefined => {
  const given = req.headersDistinct?.[UPSTREAM_KEY_HEADER.toLowerCase()] ?? []
  const [key] = given
  if (key === undefined) return undefined
  if (given.length > 1) throw invalid('came several times: send one key.')
  if (!KEY.test(key)) throw invalid('must be 16 to 512 visible ASCII characters.')
  return key
}

const invalid = (what: string) =>
  new AppError('invalid_request', `${UPSTREAM_KEY_HEADER} ${what}`, {
    pointer: UPSTREAM_KEY_HEADER,
  })

const notAllowed = () =>
  new AppError('refused_by_policy', 'This server takes no keys of its callers for the provider.', {
    pointer: UPSTREAM_KEY_HEADER,
  })

const notHere = () =>
  new AppError(
    'refused_by_policy',
    'What is made ahead of need is paid for with the server’s own key: it is not yours to ask for, and takes no key of yours.',
    { pointer: UPSTREAM_KEY_HEADER },
  )
