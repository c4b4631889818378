const exact = new Intl.NumberFormat('en', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 6,
})

/** To the millionth, to which a bill is explained. */
export const formatExactUsd = (usd: number): string => exact.format(usd)
