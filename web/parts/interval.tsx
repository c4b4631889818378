import { formatPercent } from './format.ts'
import type { Tone } from './stat-tile.tsx'

/**
 * A share that was measured, as a point on its whiskers, with a line for the limit that it is held against. Hidden from who
 * does not see it: what stands beside it must say it all in words.
 */
export const Interval = ({
  from,
  limit,
  measured,
  tone,
}: {
  /** Where the scale begins; it ends at 1. */
  from: number
  limit: number
  /** Absent where nothing was measured: then there is the limit alone. */
  measured: { share: number; low: number; high: number } | undefined
  tone: Tone | undefined
}) => {
  const at = (share: number) => `${((share - from) / (1 - from)) * 100}%`
  return (
    <div class={tone ? `interval tone-${tone}` : 'interval'} aria-hidden="true">
      <svg width="100%" height="28" aria-hidden="true">
        <line class="interval-scale" x1="0" x2="100%" y1="14" y2="14" />
        <line class="interval-limit" x1={at(limit)} x2={at(limit)} y1="0" y2="28" />
        {measured && (
          <>
            <line x1={at(measured.low)} x2={at(measured.high)} y1="14" y2="14" />
            <line x1={at(measured.low)} x2={at(measured.low)} y1="8" y2="20" />
            <line x1={at(measured.high)} x2={at(measured.high)} y1="8" y2="20" />
            <circle cx={at(measured.share)} cy="14" r="5.5" />
          </>
        )}
      </svg>
      <p class="interval-ends">
        <span>{formatPercent(from)}</span>
        <span>{formatPercent(1)}</span>
      </p>
    </div>
  )
}
