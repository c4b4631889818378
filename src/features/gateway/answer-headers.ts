import type { Response } from 'express'
import { formatUsd, toNanoUsd } from '../../lib/money.ts'
import type { Answered } from './gateway.ts'

/** Names the generations of a call in a header, however they end. */
export const setGenerationHeader = (
  res: Response,
  asked: readonly { generation: { id: string } }[],
): void => {
  res.set('Imageonce-Generation', asked.map(({ generation }) => generation.id).join(', '))
}

/**
 * Tells in headers how the images of an answer came about: `none` where one of them was paid for by this request, else how the first was
 * had for nothing; and what all of them saved, in US dollars.
 */
export const setAnswerHeaders = (res: Response, answered: readonly Answered[]): void => {
  const isBought = answered.some(({ reuse }) => reuse === undefined)
  const saved = answered.reduce((sum, { reuse }) => sum + toNanoUsd(reuse?.savedUsd ?? 0), 0)
  res.set({
    'Imageonce-Reuse': isBought ? 'none' : (answered[0]?.reuse?.source ?? 'none'),
    'Imageonce-Saved-Usd': formatUsd(saved),
    'Cache-Control': 'no-store',
  })
}
