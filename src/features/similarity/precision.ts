import type { Precision } from '../../contract/similarity.ts'

/** The quantile of the normal distribution that leaves 2.5 % on each side. */
const Z = 1.959963984540054

/**
 * How often a similar image was the right one, of those that were judged. `low` and `high` are the Wilson score interval of 95 %,
 * without correction for continuity: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
 * Journal of the American Statistical Association 22 (1927), 209–212.
 */
export const measurePrecision = ({ accepted, rejected }: Verdicts): Precision => {
  const judged = accepted + rejected
  if (judged === 0) return { accepted, rejected, precision: null, low: null, high: null }
  const precision = accepted / judged
  const weight = 1 + Z ** 2 / judged
  const centre = (precision + Z ** 2 / (2 * judged)) / weight
  const reach =
    (Z / weight) * Math.sqrt((precision * (1 - precision)) / judged + Z ** 2 / (4 * judged ** 2))
  // At both ends the sums are off by a rounding.
  const low = accepted === 0 ? 0 : centre - reach
  const high = rejected === 0 ? 1 : centre + reach
  return { accepted, rejected, precision, low, high }
}

export type Verdicts = { accepted: number; rejected: number }
