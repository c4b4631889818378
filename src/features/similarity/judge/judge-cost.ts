import { findEntry, type PriceTable } from '../../../adapters/providers/price-table.ts'
import { toNanoUsd } from '../../../lib/money.ts'

export type JudgeUsage = {
  promptTokenCount?: number | undefined
  candidatesTokenCount?: number | undefined
  thoughtsTokenCount?: number | undefined
}

/** What a model of texts costs. One that the table doesn't know is taken to cost as much as the dearest. */
export const createJudgePrices = ({ texts }: PriceTable, model: string) => {
  const entry = findEntry(texts, model)
  const dearest = (kind: 'textIn' | 'textOut') =>
    Math.max(0, ...texts.map(({ prices }) => prices.usdPerMillionTokens[kind]))
  const { textIn, textOut } = entry?.prices.usdPerMillionTokens ?? {
    textIn: dearest('textIn'),
    textOut: dearest('textOut'),
  }
  const sum = (tokensIn: number, tokensOut: number) =>
    toNanoUsd((tokensIn * textIn + tokensOut * textOut) / 1_000_000)

  return {
    cost: ({
      promptTokenCount = 0,
      candidatesTokenCount = 0,
      thoughtsTokenCount = 0,
    }: JudgeUsage) => sum(promptTokenCount, candidatesTokenCount + thoughtsTokenCount),
    /** What a request may cost at most: no token is shorter than a character. */
    estimate: (request: object, maxOutputTokens: number) =>
      sum(JSON.stringify(request).length, maxOutputTokens),
  }
}
