/** Numbers of lines, kept as ranges; of very many the first. */
export type Lines = { ranges: [first: number, last: number][]; count: number }

const MAX_RANGES = 12

export const createLines = (): Lines => ({ ranges: [], count: 0 })

/** They come in their order. */
export const addLine = (lines: Lines, line: number): void => {
  lines.count++
  const last = lines.ranges.at(-1)
  if (last && line === last[1] + 1) last[1] = line
  else if (lines.ranges.length < MAX_RANGES) lines.ranges.push([line, line])
}

/** As 2, 7-9. */
export const formatLines = ({ ranges, count }: Lines): string => {
  const shown = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
  const text = ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
  return `${text.join(', ')}${shown < count ? ` and ${count - shown} more` : ''}`
}
