import type { ExplainedImage, ExplainedLimit, Explanation } from '../../src/client.ts'
import { formatAgo, formatDay, formatDuration, formatMoment, formatUsd } from '../parts/format.ts'

/** What would come of one picture, in a few words; of several, how many of them would come to what. */
export const sayWhat = (
  { images, expectedUsd }: Explanation,
  image: ExplainedImage,
  isLocal: boolean,
): string =>
  images.length > 1 ? sayOfMany(images, expectedUsd, isLocal) : sayOfOne(image, isLocal)

const sayOfMany = (
  images: readonly ExplainedImage[],
  expectedUsd: number,
  isLocal: boolean,
): string => {
  const count = (wanted: ExplainedImage['would']) =>
    images.filter(({ would }) => would === wanted).length
  const price = isLocal ? '' : ` for about ${formatUsd(expectedUsd)}`
  const bought = count('buy') + count('wait')
  const parts = [
    count('reuse') > 0 && `reuse ${count('reuse')}`,
    count('join') > 0 && `join ${count('join')}`,
    bought > 0 && `${isLocal ? 'draw' : 'buy'} ${bought}${price}`,
  ].filter((part) => typeof part === 'string')
  const refused = images.find(({ would }) => would === 'refuse')
  if (refused) return `Would be refused: ${refused.reason?.message}`
  return `Would ${parts.join(', ')}`
}

const sayOfOne = ({ would, from, price, reason }: ExplainedImage, isLocal: boolean): string => {
  if (would === 'reuse') {
    return from?.source === 'similar'
      ? `Would reuse the image of “${shorten(from.prompt)}”`
      : `Would reuse an image from ${from && sayWhen(from.finishedAt ?? from.createdAt)}`
  }
  if (would === 'join') return 'Would join one that is under way'
  if (would === 'refuse') return `Would be refused: ${reason?.message}`
  if (would === 'wait') {
    return `Would wait${reason?.retryAt ? ` until ${formatMoment(reason.retryAt)}` : ''}`
  }
  if (isLocal) return 'Would draw one here'
  const at = price.tier && price.tier !== 'standard' ? `, at ${price.tier}` : ''
  return `Would buy one for about ${formatUsd(price.expectedUsd)}${at}`
}

/** What is worth knowing besides. */
export const listDetails = (
  { images, limits }: Explanation,
  { would, from, comparison, reason }: ExplainedImage,
  isLocal: boolean,
): string[] => {
  const isFree = images.every((each) => each.would === 'reuse' || each.would === 'join')
  const isBought = images.some((each) => each.would === 'buy')
  const isPaid = isBought && !isLocal
  const similar = comparison?.similar.length ?? 0
  const totalMs = Math.max(...images.map(({ expected }) => expected?.totalMs ?? 0))
  const left = findTightest(limits)
  return [
    isFree && '$0',
    from?.similarity !== undefined && `${Math.round(from.similarity * 100)} % similar`,
    would === 'wait' && reason?.message,
    isLocal && isBought && 'no model is called',
    totalMs > 0 && formatDuration(roundMs(totalMs)),
    isPaid && similar > 0 && `${similar} similar ${similar === 1 ? 'image' : 'images'}`,
    isPaid && left?.leftUsd !== undefined && sayLeft(left.leftUsd, left.period),
  ].filter((detail) => typeof detail === 'string')
}

/** Of the caller's own limits the one with least left. */
const findTightest = (limits: readonly ExplainedLimit[]): ExplainedLimit | undefined =>
  limits
    .filter(({ leftUsd }) => leftUsd !== undefined)
    .sort((a, b) => (a.leftUsd ?? 0) - (b.leftUsd ?? 0))[0]

const sayLeft = (leftUsd: number, period: ExplainedLimit['period']): string =>
  `${formatUsd(leftUsd)} of ${period === 'day' ? 'today’s' : 'this month’s'} budget left`

const DAY_MS = 24 * 60 * 60_000

const sayWhen = (at: string): string =>
  Date.now() - Date.parse(at) < DAY_MS ? formatAgo(at) : formatDay(Date.parse(at) / 1_000)

/** Nobody knows it to the millisecond. */
const roundMs = (ms: number): number =>
  ms < 10_000 ? Math.ceil(ms / 100) * 100 : Math.round(ms / 1_000) * 1_000

const MAX_CHARACTERS = 60

const shorten = (prompt: string): string =>
  prompt.length > MAX_CHARACTERS ? `${prompt.slice(0, MAX_CHARACTERS).trimEnd()}…` : prompt
