import { useLocation } from 'preact-iso'
import type { AnalyticsSummary, AnalyticsTimeseries } from '../../src/contract/analytics.ts'
import { Charts } from '../overview/charts.tsx'
import { Figures } from '../overview/figures.tsx'
import { FiringAlerts } from '../overview/firing-alerts.tsx'
import { Now } from '../overview/now.tsx'
import { describePeriod, formatPeriod, PeriodPicker, parsePeriod } from '../overview/period.tsx'
import { SavingsCard } from '../overview/savings-card.tsx'
import { ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { useSession } from '../session-context.ts'
import { useResource } from '../use-resource.ts'

const REFRESH_MS = 30_000

/** What was made, what it cost, and what it did not. */
export const Overview = () => {
  const { isAdmin } = useSession()
  const { query, route } = useLocation()
  const period = parsePeriod(query)
  const asked = formatPeriod(period)
  const summary = useResource<AnalyticsSummary>(`/api/analytics/summary?${asked}`, REFRESH_MS)
  const series = useResource<AnalyticsTimeseries>(`/api/analytics/timeseries?${asked}`, REFRESH_MS)
  const error = summary.error ?? series.error
  return (
    <Page
      title="Overview"
      about={
        <>
          {isAdmin ? 'All owners' : 'Your images'}, {describePeriod(period)} (UTC)
          {summary.value && (
            <>
              , counted <Time at={summary.value.asOf} />
            </>
          )}
        </>
      }
      actions={
        <PeriodPicker period={period} onChange={(next) => route(`/?${formatPeriod(next)}`, true)} />
      }
    >
      {isAdmin && <FiringAlerts />}
      {error && <Notice tone="bad">{error.message}</Notice>}
      {summary.value && <Totals summary={summary.value} />}
      <SavingsCard asked={asked} />
      {isAdmin && <Now />}
      {series.value && summary.value?.figures.total !== 0 && (
        <Charts points={series.value.points} />
      )}
    </Page>
  )
}

const Totals = ({ summary }: { summary: AnalyticsSummary }) => {
  const { figures, previous } = summary
  return (
    <>
      {figures.total === 0 && <Nothing />}
      {(figures.total > 0 || previous.figures.total > 0) && <Figures summary={summary} />}
    </>
  )
}

const Nothing = () => (
  <Card>
    <EmptyState title="Make an image, then ask for it again">
      <p>
        Nothing was asked for in these days. The first time costs one call to the model; every time
        after that costs nothing, and shows here.
      </p>
      <ButtonLink kind="primary" href="/playground" icon="playground">
        Open the playground
      </ButtonLink>
    </EmptyState>
  </Card>
)
