/** A figure over time: each point is seconds since the start and the value then. */
export type Series = readonly (readonly [seconds: number, value: number])[]

/**
 * By how much a figure grows in an hour: the median of the slopes between every two points (Theil and Sen), which single
 * peaks do not move. 0 for less than two points.
 */
export const slopePerHour = (series: Series): number => {
  const slopes: number[] = []
  for (const [i, [from, before]] of series.entries()) {
    for (const [to, after] of series.slice(i + 1)) {
      if (to > from) slopes.push((after - before) / (to - from))
    }
  }
  slopes.sort((a, b) => a - b)
  const middle = slopes.length / 2
  const [low = 0, high = low] = slopes.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1)
  return ((low + high) / 2) * 3_600
}
