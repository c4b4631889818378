import type { Tier } from '../contract/vocabulary.ts'

/** What a provider said of a call that it answered, and how its cost was found. */
export type CallReceipt = {
  /** What it counted, as it came; absent where it counted nothing. */
  usage?: unknown
  /** Its own id of the answer, by which its bill may name it. */
  responseId?: string | undefined
  /** At which tier it says that it has served; absent where it says nothing. */
  tier?: Tier | undefined
  /** Of the price table. */
  priceVersion: string
  /** `measured`: each token that was counted, at its price. `listed`: an image's list price, as none were. */
  basis: 'measured' | 'listed'
}
