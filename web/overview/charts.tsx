import { useMemo } from 'preact/hooks'
import type { AnalyticsTimeseries } from '../../src/contract/analytics.ts'
import { Card } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { formatCount, formatDay, formatDuration, formatUsd } from '../parts/format.ts'

/** The same figures day by day. */
export const Charts = ({ points }: Pick<AnalyticsTimeseries, 'points'>) => {
  // Drawn anew only when a figure has changed, not at each asking.
  const charts = useMemo(() => describe(points), [JSON.stringify(points)])
  return (
    <div class="charts">
      {charts.map((chart) => (
        <Card key={chart.label} title={chart.label}>
          <Chart {...chart} formatTime={formatDay} />
        </Card>
      ))}
    </div>
  )
}

const orDash = (format: (value: number) => string) => (value: number | null) =>
  value === null ? '–' : format(value)

const describe = (points: AnalyticsTimeseries['points']) => {
  const times = points.map(({ day }) => Date.parse(day) / 1_000)
  return [
    {
      label: 'Money',
      kind: 'bars' as const,
      times,
      formatValue: orDash(formatUsd),
      series: [
        { name: 'Spent', colour: '--chart-1', values: points.map((point) => point.spendUsd) },
        { name: 'Not spent', colour: '--chart-2', values: points.map((point) => point.savedUsd) },
      ],
    },
    {
      label: 'Requests',
      kind: 'bars' as const,
      times,
      isWhole: true,
      formatValue: orDash(formatCount),
      series: [
        { name: 'Failed', colour: '--chart-4', values: points.map((point) => point.failed) },
        { name: 'Made', colour: '--chart-1', values: points.map((point) => point.completed) },
        { name: 'Reused', colour: '--chart-2', values: points.map(({ skipped }) => skipped.total) },
      ],
    },
    {
      label: 'Generation time',
      kind: 'lines' as const,
      times,
      formatValue: orDash(formatDuration),
      series: [
        { name: 'p50', colour: '--chart-1', values: points.map((p) => p.durationMs?.p50 ?? null) },
        { name: 'p95', colour: '--chart-3', values: points.map((p) => p.durationMs?.p95 ?? null) },
      ],
    },
  ]
}
