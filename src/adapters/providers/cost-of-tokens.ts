import { type NanoUsd, toNanoUsdDigits } from '../../lib/money.ts'

/** So many tokens at one price, in US dollars a million. */
export type TokenShare = [tokens: number, usdPerMillion: number]

const MILLION = 1_000_000n

/**
 * What tokens cost together: in integers all the way, and rounded once, to the billionth of a dollar. More than a number holds is
 * nonsense, and taken for as much as it holds.
 */
export const costOfTokens = (shares: readonly TokenShare[]): NanoUsd => {
  const perMillion = shares.reduce(
    (sum, [tokens, usd]) => sum + toCount(tokens) * BigInt(toNanoUsdDigits(usd)),
    0n,
  )
  return Math.min(Number((perMillion + MILLION / 2n) / MILLION), Number.MAX_SAFE_INTEGER)
}

const toCount = (tokens: number): bigint =>
  BigInt(Math.round(Math.min(tokens, Number.MAX_SAFE_INTEGER)))
