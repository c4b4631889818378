import type { Alert, Alerts } from '../../contract/alert.ts'
import { formatMeasure } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { Time } from '../parts/time.tsx'
import { useResource } from '../use-resource.ts'

const REFRESH_MS = 15_000
/** Evaluations that may be missed before nothing is thought to make them. */
const MAX_MISSED = 4

/** What is wrong, before anything else; for operators. Nothing when all is well. */
export const FiringAlerts = () => {
  const { value } = useResource<Alerts>('/api/alerts', REFRESH_MS)
  if (!value) return null
  return (
    <>
      {isForgotten(value) && (
        <Notice tone="warn">
          Nothing evaluates the alerts since <Time at={value.evaluatedAt ?? ''} />: is a worker
          running?
        </Notice>
      )}
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
      )}
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

const isForgotten = ({ evaluatedAt, intervalMs }: Alerts): boolean =>
  evaluatedAt !== null && Date.now() - Date.parse(evaluatedAt) > MAX_MISSED * intervalMs
