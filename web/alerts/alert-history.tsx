import type { AlertEvent } from '../../src/contract/alert.ts'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { formatMoment } from '../parts/format.ts'
import { More } from '../parts/more.tsx'
import { Notice } from '../parts/notice.tsx'
import { Time } from '../parts/time.tsx'
import { usePages } from '../use-pages.ts'
import { AlertBadge } from './alert-badge.tsx'

/** What began and ended, newest first. */
export const AlertHistory = () => {
  const pages = usePages<AlertEvent>('/api/alerts/history?limit=25', 'events')
  const { rows, error } = pages
  return (
    <Card title="History">
      {error && <Notice tone="bad">{error.message}</Notice>}
      {rows?.length === 0 && <EmptyState icon="alerts" title="No alert has fired yet" />}
      <ol class="alert-history" aria-label="History, newest first">
        {rows?.map(({ id, state, message, at }) => (
          <li key={id}>
            <AlertBadge state={state} />
            <span>{message}</span>
            <span class="muted" title={formatMoment(at)}>
              <Time at={at} />
            </span>
          </li>
        ))}
      </ol>
      <More pages={pages} />
    </Card>
  )
}
