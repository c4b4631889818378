import type { Alert, Alerts } from '../../src/contract/alert.ts'
import { ForgottenAlerts } from '../alerts/forgotten-alerts.tsx'
import { formatMeasure } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { Time } from '../parts/time.tsx'
import { useResource } from '../use-resource.ts'

const REFRESH_MS = 15_000

/** What is wrong, before anything else; for operators. Nothing when all is well. */
export const FiringAlerts = () => {
  const { value } = useResource<Alerts>('/api/alerts', REFRESH_MS)
  if (!value) return null
  return (
    <>
      <ForgottenAlerts alerts={value} />
      {value.alerts
        .filter(({ state }) => state === 'firing')
        .map((alert) => (
          <FiringAlert key={alert.name} {...alert} />
        ))}
    </>
  )
}

const FiringAlert = ({
  title,
  meaning,
  action,
  measures,
  value,
  threshold,
  unit,
  since,
}: Alert) => (
  <Notice tone="bad">
    <p>
      <strong>{title}</strong>
      {since && (
        <>
          , since <Time at={since} />
        </>
      )}{' '}
      · <a href="/alerts">all alerts</a>
    </p>
    <p>
      {meaning} {action}
    </p>
    {value !== null && threshold !== null && (
      <p class="number">
        {measures}: {formatMeasure(value, unit)}, the limit is {formatMeasure(threshold, unit)}.
      </p>
    )}
  </Notice>
)
