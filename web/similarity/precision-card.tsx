import type { Precision, SimilarityReport } from '../../src/contract/similarity.ts'
import { Card } from '../parts/card.tsx'
import { formatCount, formatPercent } from '../parts/format.ts'
import { Interval } from '../parts/interval.tsx'
import type { Tone } from '../parts/stat-tile.tsx'

/** How often a similar image was the right one, and how sure that is. */
export const PrecisionCard = ({
  precision: { reuse, shadow, deciding },
  precisionFloor: floor,
}: SimilarityReport) => {
  const from = startScale([reuse.low, shadow.low, deciding?.low ?? null, floor])
  const isOther = deciding && countJudged(deciding) !== countJudged(reuse)
  const scale = { floor, from }
  return (
    <Card title="Precision">
      <div class="precisions">
        <Row name="Reuse" what="answers that were another prompt’s image" {...reuse} {...scale} />
        {isOther && (
          <Row
            name="Reuse since the mode was set"
            what="what the floor is held against"
            {...deciding}
            {...scale}
          />
        )}
        <Row
          name="Shadow"
          what="what reuse would have answered in shadow and suggest"
          {...shadow}
          {...scale}
        />
      </div>
      <p class="field-hint">
        The right ones of those that were judged. The whiskers are where the true share lies with
        95&nbsp;% confidence; the dashed line is the floor, {formatPercent(floor)}: under it, reuse
        turns itself back to suggest as soon as a few were judged.
      </p>
    </Card>
  )
}

const countJudged = ({ accepted, rejected }: Precision): number => accepted + rejected

const Row = ({
  name,
  what,
  accepted,
  rejected,
  precision,
  low,
  high,
  floor,
  from,
}: Precision & { name: string; what: string; floor: number; from: number }) => {
  const isMeasured = precision !== null && low !== null && high !== null
  const measured = isMeasured ? { share: precision, low, high } : undefined
  const tone = measured && toneOf(measured, floor)
  return (
    <section class="precision" aria-label={`Precision of ${name.toLowerCase()}`}>
      <h3>{name}</h3>
      <p class="muted">{what}</p>
      <Interval from={from} limit={floor} measured={measured} tone={tone} />
      {measured ? (
        <p>
          <strong class={`precision-share${tone ? ` tone-${tone}` : ''}`}>
            {formatPercent(measured.share)}
          </strong>{' '}
          between {formatPercent(measured.low)} and {formatPercent(measured.high)};{' '}
          {formatCount(accepted)} of {formatCount(accepted + rejected)} right
        </p>
      ) : (
        <p>
          <strong class="precision-share muted">Not judged yet</strong>
        </p>
      )}
    </section>
  )
}

/** Good or bad is only what is so at both ends; what lies on both sides of the floor needs more judging. */
const toneOf = ({ low, high }: { low: number; high: number }, floor: number): Tone | undefined => {
  if (low >= floor) return 'good'
  return high < floor ? 'bad' : undefined
}

/** A tenth below the least of what is shown, so that high shares can be told apart. */
const startScale = (shares: (number | null)[]): number => {
  const least = Math.min(...shares.filter((share) => share !== null))
  return Math.max(0, Math.floor(least * 10 - 1) / 10)
}
