import { findListPriceUsd } from '../contract/list-price.ts'
import { type NanoUsd, toNanoUsd } from '../lib/money.ts'

/** The price of one image; 0 for what is not in the list. */
export const findListPriceNanoUsd = (...asked: Parameters<typeof findListPriceUsd>): NanoUsd =>
  toNanoUsd(findListPriceUsd(...asked))
