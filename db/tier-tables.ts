import type { Generated } from 'kysely'
import type { ProviderName, Tier } from '../src/contract/vocabulary.ts'

/** Until when a model is not asked for at a tier of an account. */
export type TierLimitsTable = {
  provider: ProviderName
  account: string
  model: string
  tier: Tier
  /** `refused`: it does not take the tier. `shed`: it has no room for it at the moment. */
  reason: 'refused' | 'shed'
  limitedAt: Generated<Date>
  limitedUntil: Date
}
