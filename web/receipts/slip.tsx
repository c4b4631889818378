import type { ComponentChildren } from 'preact'
import type { Receipt } from '../../src/contract/receipt.ts'
import { formatCount, formatSum, formatUsd } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Picture } from '../parts/picture.tsx'
import { formatDate } from './days.ts'
import { countOf } from './words.ts'

export type Shown = {
  imageUrl: string
  prompt: string
  model: string
  imageSize: string
  width?: number | undefined
  height?: number | undefined
  thumbhash?: string | undefined
  createdAt: string
}

/** What is shown around: the picture, its words, and what it cost against what it saved. */
export const Slip = ({
  shown,
  paid,
  answered,
  children,
}: Pick<Receipt, 'paid' | 'answered'> & {
  shown: Shown
  /** What stands under it. */
  children?: ComponentChildren
}) => {
  const { imageUrl, prompt, width, height, thumbhash } = shown
  return (
    <section class="slip" aria-label="The receipt">
      <div class="slip-picture">
        <Picture
          src={imageUrl}
          alt={prompt}
          thumbhash={thumbhash}
          aspectRatio={width ? `${width} / ${height}` : '1 / 1'}
        />
      </div>
      <div class="slip-side">
        <p class="slip-prompt as-written">{prompt}</p>
        <dl class="slip-sums">
          <div>
            <dt>{paid.at ? `paid on ${formatDate(paid.at)}` : 'paid'}</dt>
            <dd>
              {paid.isEstimate && '≈ '}
              {formatUsd(paid.usd)}
            </dd>
          </div>
          <div>
            <dt>{answered.count === 1 ? 'request answered' : 'requests answered'}</dt>
            <dd>
              {formatCount(answered.count)}
              {answered.isCut && '+'}
            </dd>
          </div>
          <div class="slip-saved">
            <dt>saved</dt>
            <dd>
              {formatSum(answered.savedUsd)}
              {answered.isCut && '+'}
            </dd>
          </div>
        </dl>
        <Punches count={answered.count} />
        <p class="slip-how">{describeAnswered(answered)}</p>
        {children}
        <p class="slip-foot">
          <span>
            {[shown.model, shown.imageSize, width && `${width} × ${height}`]
              .filter(Boolean)
              .join(' · ')}
          </span>
          <span class="slip-brand">
            <img src="/favicon.svg" alt="" width="16" height="16" /> imageonce
          </span>
        </p>
      </div>
    </section>
  )
}

/** As many as are told apart at a glance. */
const MAX_PUNCHES = 30

/** One coin, and a mark for every request that cost none. */
const Punches = ({ count }: { count: number }) => (
  <div class="punches" aria-hidden="true">
    <span class="punch punch-paid">
      <Icon name="coins" />
    </span>
    {Array.from({ length: Math.min(count, MAX_PUNCHES) }, (_, at) => (
      <span key={at} class="punch">
        <Icon name="check" />
      </span>
    ))}
    {count > MAX_PUNCHES && <span class="punches-more">+{formatCount(count - MAX_PUNCHES)}</span>}
  </div>
)

const describeAnswered = ({ exact, joined, similar, client }: Receipt['answered']): string => {
  const parts = [
    exact > 0 && `${countOf(exact, 'request')} found it made`,
    joined > 0 && `${joined} joined while it was made`,
    similar > 0 && `${similar} had nearly the same words`,
    client > 0 && `${client} times the app had it already`,
  ].filter((part): part is string => Boolean(part))
  return parts.length > 0 ? `${parts.join(', ')}.` : 'Nobody has asked for it again yet.'
}
