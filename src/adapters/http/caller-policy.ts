import type { CallerInfo } from '../../contract/server-info.ts'
import { defined } from '../../generation/read/present.ts'
import { assertAllowed, type Policy } from '../../generation/submit/policy.ts'
import type { Principal } from './auth.ts'
import type { UpstreamKeys } from './upstream-key.ts'

const EVERYTHING: Policy = { models: undefined, sizes: undefined, lanes: undefined }

/** Throws `refused_by_policy` for what is not the caller's to ask for. */
export type AssertMayAsk = (
  principal: Principal,
  asked: Parameters<typeof assertAllowed>[2],
) => void

/** What callers may ask for: by a key what it lists, an operator everything, an owner what the server allows owners. */
export const createCallerPolicy = (
  ownerPolicy: Policy,
  providers: Parameters<typeof assertAllowed>[1],
  upstreamKeyRuleOf: UpstreamKeys['ruleOf'],
) => {
  const policyOf = ({ key, isAdmin }: Principal): Policy => {
    if (key) return key
    return isAdmin ? EVERYTHING : ownerPolicy
  }

  const assertMayAsk: AssertMayAsk = (principal, asked) =>
    assertAllowed(policyOf(principal), providers, asked)

  const describeCaller = (principal: Principal): CallerInfo => {
    const { models, sizes, lanes } = policyOf(principal)
    const { ownerId, isAdmin, key } = principal
    const rule = upstreamKeyRuleOf(principal)
    const upstreamKeys = rule === 'off' ? undefined : rule
    return {
      ownerId,
      isAdmin,
      ...defined({ models, sizes, lanes, upstreamKeys, scopes: key?.scopes }),
    }
  }

  return { assertMayAsk, describeCaller }
}
