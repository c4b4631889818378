import type { WorkerStatus } from '../../src/contract/server-status.ts'
import { Badge } from '../parts/badge.tsx'
import { Card } from '../parts/card.tsx'
import { Notice } from '../parts/notice.tsx'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'

/** Who makes the images. */
export const Workers = ({ workers }: { workers: readonly WorkerStatus[] }) => (
  <Card title="Workers">
    {workers.length === 0 ? (
      <Notice tone="bad">
        No worker is running: what is asked for is kept, and made once one starts.
      </Notice>
    ) : (
      <Table
        caption="Workers"
        rows={workers}
        keyOf={({ id }) => id}
        columns={[
          {
            name: 'Worker',
            isTitle: true,
            cell: ({ host, pid }) => (
              <>
                <strong>{host}</strong> <span class="muted">process {pid}</span>
              </>
            ),
          },
          { name: 'State', cell: (worker) => <WorkerState worker={worker} /> },
          {
            name: 'Running',
            isNumber: true,
            cell: ({ running, concurrency }) => `${running} of ${concurrency}`,
          },
          { name: 'Version', cell: ({ version }) => version },
          { name: 'Started', cell: ({ startedAt }) => <Time at={startedAt} /> },
          { name: 'Seen', cell: ({ seenAt }) => <Time at={seenAt} /> },
        ]}
      />
    )}
  </Card>
)

const WorkerState = ({ worker: { isAlive, breaker } }: { worker: WorkerStatus }) => {
  if (!isAlive) {
    return (
      <Badge tone="bad" icon="warning" title="It has missed three signs of life.">
        away
      </Badge>
    )
  }
  if (breaker === 'open') {
    return (
      <Badge tone="warn" icon="warning" title="The model has answered nobody lately.">
        does not call the model
      </Badge>
    )
  }
  return (
    <Badge tone="good" icon="check">
      alive
    </Badge>
  )
}
