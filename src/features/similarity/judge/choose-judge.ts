import type { PriceTable } from '../../../adapters/providers/price-table.ts'
import type { Judge } from '../ports.ts'
import { createGeminiJudge } from './gemini-judge.ts'

export type JudgeOptions = {
  judge: { model: string; dailyCalls: number }
  gemini: { apiKey: string; baseUrl: string } | undefined
  prices: PriceTable
}

/** By SIMILARITY_JUDGE_MODEL; undefined where that is `off`, or there is no key. Calls nobody. */
export const chooseJudge = ({ judge, gemini, prices }: JudgeOptions): Judge | undefined =>
  judge.model === 'off' || !gemini
    ? undefined
    : createGeminiJudge({ ...gemini, model: judge.model, prices })
