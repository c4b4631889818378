import { findOldestDay, listOldParts, MAX_PRICE_AGE_DAYS } from '../adapters/providers/price-age.ts'
import { findEntry } from '../adapters/providers/price-table.ts'
import type { ServerStatus } from '../contract/server-status.ts'
import type { Explanation, Finding } from '../lib/finding.ts'
import type { Config } from './config.ts'

type PriceSettings = Pick<Config, 'gemini' | 'openai' | 'prices'>

/** By what calls are priced, and what of it may be out of date; null where no call costs anything. */
export const describePrices = (
  { gemini, openai, prices }: PriceSettings,
  now: Date,
): ServerStatus['prices'] =>
  gemini || openai
    ? {
        version: prices.version,
        oldestCheckedOn: findOldestDay(prices) ?? null,
        old: listOldParts(prices, now).map(({ place }) => place),
      }
    : null

/** Whether what calls cost is known. Looks at the settings alone. */
export const examinePrices = (settings: PriceSettings, now: Date): Finding[] => {
  const { gemini, openai, prices } = settings
  if (!gemini && !openai) return []
  const [oldest] = listOldParts(prices, now)
  const amiss: Explanation[] = [
    ...(gemini && isGuessed(prices, gemini.model) ? [explainGuess('GEMINI_MODEL')] : []),
    ...(openai?.models.some((name) => isGuessed(prices, name))
      ? [explainGuess('OPENAI_MODELS')]
      : []),
    ...(oldest ? [explainAge(oldest.checkedOn)] : []),
  ]
  return (amiss.length > 0 ? amiss : [GOOD]).map((each) => ({ part: 'prices', ...each }))
}

const GOOD: Explanation = {
  kind: 'good',
  setting: 'PRICE_FILE',
  found: 'What calls cost is known, and was compared lately.',
}

/** True of a model that the table doesn't know: it is taken to cost as much as the dearest. */
export const isGuessed = ({ models }: Config['prices'], model: string): boolean =>
  findEntry(models, model) === undefined

const explainGuess = (setting: string): Explanation => ({
  kind: 'costly',
  setting,
  found: 'What a model costs is not known: it is booked as the dearest.',
  remedy: 'Give its price in a PRICE_FILE, or name a model that has one.',
})

const explainAge = (day: string): Explanation => ({
  kind: 'costly',
  setting: 'PRICE_FILE',
  found: `Prices were last compared with their sources more than ${MAX_PRICE_AGE_DAYS} days ago, the oldest on ${day}.`,
  remedy: 'Update imageonce, or give the prices of today in a file of your own.',
})
