import type { AnalyticsSummary, Figures as FiguresOf } from '../../src/contract/analytics.ts'
import { formatCount, formatDuration, formatPercent, formatUsd } from '../parts/format.ts'
import { StatTile, type Tone } from '../parts/stat-tile.tsx'

/** The design's targets, in percent. */
const REUSE_TARGET = 60
const SUCCESS_TARGET = 95

/** The numbers of a period, each beside that of as many days before. */
export const Figures = ({ summary: { figures, previous } }: { summary: AnalyticsSummary }) => {
  const before = previous.figures
  return (
    <div class="tiles">
      <StatTile
        name="Money not spent"
        value={formatUsd(figures.savedUsd)}
        tone={figures.savedUsd > 0 ? 'good' : undefined}
        hint={`before: ${formatUsd(before.savedUsd)}`}
      />
      <StatTile
        name="Money spent"
        value={formatUsd(figures.spendUsd)}
        hint={`before: ${formatUsd(before.spendUsd)}`}
      />
      <StatTile
        name="Reuse rate"
        value={formatRate(figures.reuseRate)}
        tone={toneOf(figures.reuseRate, REUSE_TARGET)}
        hint={`${describeReuse(figures)}; target 60–70 %`}
      />
      <StatTile
        name="Success rate"
        value={formatRate(figures.successRate)}
        tone={toneOf(figures.successRate, SUCCESS_TARGET)}
        hint={
          <>
            <a href="/generations?status=failed">{formatCount(figures.failed)} failed</a>; target
            over 95 %
          </>
        }
      />
      <StatTile
        name="Paid calls"
        value={formatCount(figures.paidCalls)}
        hint={[
          figures.halfPriceCalls > 0 && `${formatCount(figures.halfPriceCalls)} at half the price`,
          `before: ${formatCount(before.paidCalls)}`,
        ]
          .filter(Boolean)
          .join('; ')}
      />
      <Durations figures={figures} />
    </div>
  )
}

const Durations = ({ figures: { durationMs } }: { figures: FiguresOf }) => (
  <StatTile
    name="Generation time"
    value={durationMs ? formatDuration(durationMs.p50) : '–'}
    hint={
      durationMs
        ? `half are faster; 95 % within ${formatDuration(durationMs.p95)}`
        : 'nothing was made'
    }
  />
)

/** Similar images are named: whether they are the right ones is for people to say. */
const describeReuse = ({ skipped, total }: FiguresOf): string =>
  [
    `${formatCount(skipped.total)} of ${formatCount(total)}`,
    skipped.similar > 0 && `${formatCount(skipped.similar)} by a similar prompt`,
  ]
    .filter(Boolean)
    .join(', ')

const formatRate = (percent: number | null): string =>
  percent === null ? '–' : formatPercent(percent / 100)

const toneOf = (percent: number | null, target: number): Tone | undefined => {
  if (percent === null) return undefined
  return percent >= target ? 'good' : 'warn'
}
