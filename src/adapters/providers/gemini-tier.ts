import type { Tier } from '../../contract/vocabulary.ts'
import type { GeminiAnswer } from './gemini-answer.ts'

/** What the Gemini API says in the headers of an answer of the tier that has served. */
export const TIER_HEADER = 'x-gemini-service-tier'

/** The body that asks for a tier; `batch` is none that a request asks for. */
export const askForTier = <Body extends object>(body: Body, tier: Tier): Body =>
  tier === 'flex' ? { ...body, service_tier: 'flex' } : body

/** The tier that has served, by the header, else by the answer; undefined where neither says so, or in a word that is not known. */
export const readServedTier = (
  header: string | null | undefined,
  { usageMetadata }: Pick<GeminiAnswer, 'usageMetadata'>,
): Tier | undefined => {
  const said = [header, usageMetadata?.serviceTier, usageMetadata?.trafficType]
  return said.map((word) => word && toTier(word)).find(Boolean) || undefined
}

/** Vertex AI says it as a kind of traffic (`ON_DEMAND`, `ON_DEMAND_FLEX`). */
const toTier = (word: string): Tier | undefined => TIERS[word.toLowerCase()]

const TIERS: Record<string, Tier> = {
  standard: 'standard',
  flex: 'flex',
  batch: 'batch',
  on_demand: 'standard',
  on_demand_flex: 'flex',
  on_demand_batch: 'batch',
}
