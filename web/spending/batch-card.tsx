import { useState } from 'preact/hooks'
import type { Batch, BatchPage } from '../../src/contract/batch.ts'
import { Badge } from '../parts/badge.tsx'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { formatUsd } from '../parts/format.ts'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { cancelBatch } from './calls.ts'

/** The newest batches, how far they are and what they cost. */
export const BatchCard = ({ page, onChanged }: { page: BatchPage; onChanged: () => void }) => {
  const [canceling, setCanceling] = useState<Batch>()
  const { gathered, batches } = page
  return (
    <Card title="Batches">
      <p>
        {gathered.count === 0
          ? 'No generation waits for a batch.'
          : `${gathered.count} ${gathered.count === 1 ? 'generation waits' : 'generations wait'} for the next batch.`}
      </p>
      {batches.length === 0 ? (
        <EmptyState icon="clock" title="No batch was made in the last 30 days" />
      ) : (
        <Table
          caption="Batches, the newest first"
          rows={batches}
          keyOf={({ id }) => id}
          columns={[
            { name: 'Made', isTitle: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
            { name: 'Model', cell: ({ model }) => model },
            { name: 'State', cell: (batch) => <State batch={batch} /> },
            {
              name: 'Images',
              isNumber: true,
              cell: ({ items }) => `${items.images} of ${items.total}`,
            },
            { name: 'Cost', isNumber: true, cell: ({ costUsd }) => formatUsd(costUsd) },
            {
              name: 'Change',
              cell: (batch) =>
                mayCancel(batch) && (
                  <Button
                    isSmall
                    icon="cross"
                    label={`Cancel the batch ${batch.id}`}
                    onClick={() => setCanceling(batch)}
                  >
                    Cancel
                  </Button>
                ),
            },
          ]}
        />
      )}
      {canceling && (
        <ConfirmDialog
          title="Cancel the batch"
          confirm="Cancel it"
          onConfirm={async () => {
            await cancelBatch(canceling.id)
            onChanged()
          }}
          onClose={() => setCanceling(undefined)}
        >
          <p>
            What it has brought by then is taken and paid for. The rest goes back into the queue,
            and is made otherwise.
          </p>
        </ConfirmDialog>
      )}
    </Card>
  )
}

const mayCancel = ({ state, cancelAskedAt }: Batch): boolean =>
  (state === 'intended' || state === 'running') && cancelAskedAt === null

const State = ({ batch: { state, outcome, trouble } }: { batch: Batch }) => {
  if (trouble) return <Badge tone="bad" title={trouble.message}>{`${state}, in trouble`}</Badge>
  if (!outcome) return <Badge tone="info">{state}</Badge>
  return <Badge tone={outcome === 'succeeded' ? 'good' : 'warn'}>{outcome}</Badge>
}
