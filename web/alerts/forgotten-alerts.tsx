import type { Alerts } from '../../src/contract/alert.ts'
import { Notice } from '../parts/notice.tsx'
import { Time } from '../parts/time.tsx'

/** Evaluations that may be missed before nothing is thought to make them. */
const MAX_MISSED = 4

/** Warns where the alerts tell of long ago. */
export const ForgottenAlerts = ({ alerts: { evaluatedAt, intervalMs } }: { alerts: Alerts }) => {
  if (evaluatedAt === null) return null
  if (Date.now() - Date.parse(evaluatedAt) <= MAX_MISSED * intervalMs) return null
  return (
    <Notice tone="warn">
      Nothing evaluates the alerts since <Time at={evaluatedAt} />: is a worker running?
    </Notice>
  )
}
