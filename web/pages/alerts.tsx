import { useEffect, useState } from 'preact/hooks'
import type { Alerts as AllAlerts } from '../../src/contract/alert.ts'
import { AlertHistory } from '../alerts/alert-history.tsx'
import { AlertTable } from '../alerts/alert-table.tsx'
import { FiringAlert } from '../alerts/firing-alert.tsx'
import { ForgottenAlerts } from '../alerts/forgotten-alerts.tsx'
import { operatorsOnly } from '../operators-only.tsx'
import { Card } from '../parts/card.tsx'
import { formatDuration } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { useResource } from '../use-resource.ts'

const MIN_REFRESH_MS = 1_000
const MAX_REFRESH_MS = 15_000

/** What is wrong with the service, what to do, and what was wrong. */
const AllAlertsPage = () => {
  const [refreshMs, setRefreshMs] = useState(MAX_REFRESH_MS)
  const { value, error } = useResource<AllAlerts>('/api/alerts', refreshMs)
  useEffect(() => {
    if (!value) return
    setRefreshMs(Math.min(Math.max(value.intervalMs, MIN_REFRESH_MS), MAX_REFRESH_MS))
  }, [value])
  const firing = value?.alerts.filter(({ state }) => state === 'firing') ?? []
  const others = value?.alerts.filter(({ state }) => state !== 'firing') ?? []
  const isWell = value?.evaluatedAt && firing.length === 0
  return (
    <Page title="Alerts" about={value && <Evaluated alerts={value} />}>
      {error && <Notice tone="bad">{error.message}</Notice>}
      {value && <ForgottenAlerts alerts={value} />}
      {isWell && <Notice tone="good">Nothing is wrong: no alert is firing.</Notice>}
      {firing.map((alert) => (
        <FiringAlert key={alert.name} alert={alert} />
      ))}
      {value && (
        <Card title={firing.length > 0 ? 'The others' : 'All alerts'}>
          <AlertTable rows={others} />
        </Card>
      )}
      {value && <AlertHistory key={firing.map(({ name }) => name).join()} />}
    </Page>
  )
}

const Evaluated = ({ alerts: { evaluatedAt, intervalMs } }: { alerts: AllAlerts }) => (
  <>
    Looked at every {formatDuration(intervalMs)}
    {evaluatedAt ? (
      <>
        , the last time <Time at={evaluatedAt} />.
      </>
    ) : (
      '; not looked at yet.'
    )}
  </>
)

export const Alerts = operatorsOnly('Alerts', AllAlertsPage)
