import { createGeminiPrices } from '../adapters/providers/gemini-prices.ts'
import { findOldestDay, listOldParts, MAX_PRICE_AGE_DAYS } from '../adapters/providers/price-age.ts'
import type { ServerStatus } from '../contract/server-status.ts'
import type { Explanation, Finding } from '../lib/finding.ts'
import type { Config } from './config.ts'

type PriceSettings = Pick<Config, 'gemini' | 'prices'>

/** By what calls are priced, and what of it may be out of date; null where no call costs anything. */
export const describePrices = (
  { gemini, prices }: PriceSettings,
  now: Date,
): ServerStatus['prices'] =>
  gemini
    ? {
        version: prices.version,
        oldestCheckedOn: findOldestDay(prices) ?? null,
        old: listOldParts(prices, now).map(({ place }) => place),
      }
    : null

/** Whether what calls cost is known. Looks at the settings alone. */
export const examinePrices = ({ gemini, prices }: PriceSettings, now: Date): Finding[] => {
  if (!gemini) return []
  const [oldest] = listOldParts(prices, now)
  const amiss: Explanation[] = [
    ...(createGeminiPrices(prices).isGuessed(gemini.model) ? [GUESSED] : []),
    ...(oldest ? [explainAge(oldest.checkedOn)] : []),
  ]
  return (amiss.length > 0 ? amiss : [GOOD]).map((each) => ({ part: 'prices', ...each }))
}

const GOOD: Explanation = {
  kind: 'good',
  setting: 'PRICE_FILE',
  found: 'What calls cost is known, and was compared lately.',
}

const GUESSED: Explanation = {
  kind: 'costly',
  setting: 'GEMINI_MODEL',
  found: 'What this model costs is not known: it is booked as the dearest.',
  remedy: 'Give its price in a PRICE_FILE, or name a model that has one.',
}

const explainAge = (day: string): Explanation => ({
  kind: 'costly',
  setting: 'PRICE_FILE',
  found: `Prices were last compared with their sources more than ${MAX_PRICE_AGE_DAYS} days ago, the oldest on ${day}.`,
  remedy: 'Update imageonce, or give the prices of today in a file of your own.',
})
