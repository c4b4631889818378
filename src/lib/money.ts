/** An amount in billionths of a US dollar: an integer, exact up to nine million dollars. */
export type NanoUsd = number

/** A sum of many, which may be beyond what a number holds exactly. */
export type NanoUsdSum = NanoUsd | bigint

const DECIMALS = 9
const TOO_MANY_USD = 10_000_000

/** The billionths nearest to so many dollars, in digits. */
export const toNanoUsdDigits = (usd: number): string =>
  BigInt(usd.toFixed(DECIMALS).replace('.', '')).toString()

/** The same as a number. Throws `RangeError` for what a number does not hold exactly: beyond nine million dollars, and what is no number. */
export const toNanoUsd = (usd: number): NanoUsd => {
  const nano = Math.abs(usd) < TOO_MANY_USD ? Number(toNanoUsdDigits(usd)) : Number.NaN
  if (Number.isSafeInteger(nano)) return nano
  throw new RangeError(`an amount must be within ±9 million US dollars, and is ${usd}`)
}

/** The number nearest to it in dollars, which is how amounts are told. Up to four million dollars no two amounts are told alike. */
export const toUsd = (nano: NanoUsdSum): number =>
  typeof nano === 'number' ? nano / 10 ** DECIMALS : Number(formatUsd(nano))

/** The very amount in dollars, in as few digits as it has, and never as `1e-9`. */
export const formatUsd = (nano: NanoUsdSum): string => {
  const amount = BigInt(nano)
  const digits = (amount < 0n ? -amount : amount).toString().padStart(DECIMALS + 1, '0')
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '')
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -DECIMALS)}${fraction && `.${fraction}`}`
}

/** An integer of Postgres, which comes in digits, without losing any. */
export const parseNanoUsd = (digits: string): NanoUsdSum => {
  const nano = Number(digits)
  return Number.isSafeInteger(nano) ? nano : BigInt(digits)
}
