import type { Alert } from '../../src/contract/alert.ts'
import { Badge } from '../parts/badge.tsx'

export const AlertBadge = ({
  state,
  threshold,
}: Pick<Alert, 'state'> & Partial<Pick<Alert, 'threshold'>>) => {
  if (state === 'firing') {
    return (
      <Badge tone="bad" icon="alerts">
        firing
      </Badge>
    )
  }
  if (threshold === null) return <Badge title="It wants a setting">off</Badge>
  if (state === 'resolved') {
    return (
      <Badge tone="info" icon="check" title="It has fired, and does no longer">
        resolved
      </Badge>
    )
  }
  return (
    <Badge tone="good" icon="check">
      ok
    </Badge>
  )
}
