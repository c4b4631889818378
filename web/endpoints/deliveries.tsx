import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { Webhook, WebhookDelivery } from '../../src/contract/webhook.ts'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { More } from '../parts/more.tsx'
import { Notice } from '../parts/notice.tsx'
import { Segments } from '../parts/segments.tsx'
import { useToast } from '../parts/toast.tsx'
import { usePages } from '../use-pages.ts'
import { redeliver, sendTest } from './calls.ts'
import { DeliveryDialog } from './delivery-dialog.tsx'
import { DeliveryTable } from './delivery-table.tsx'

const REFRESH_MS = 10_000
const PENDING_REFRESH_MS = 1_000

const statuses = [
  { value: '', name: 'All' },
  { value: 'pending', name: 'Pending' },
  { value: 'delivered', name: 'Delivered' },
  { value: 'failed', name: 'Failed' },
]

/** The deliveries to an endpoint, newest first. `onSent` is called when another one is asked for. */
export const Deliveries = ({ endpoint, onSent }: { endpoint: Webhook; onSent: () => void }) => {
  const { query, path: here, route } = useLocation()
  const status = query.status ?? ''
  const path = `/api/webhooks/${endpoint.id}/deliveries?limit=25${status && `&status=${encodeURIComponent(status)}`}`
  const pages = usePages<WebhookDelivery>(path, 'deliveries', chooseRefreshMs)
  const { rows, error, reload } = pages
  const [openId, setOpenId] = useState<string>()
  const showToast = useToast()

  const act = async (deed: () => Promise<unknown>, done: string) => {
    await deed().then(
      () => showToast(done),
      (problem: Error) => showToast(problem.message, 'bad'),
    )
    reload()
    onSent()
  }
  const again = (id: string) => act(() => redeliver(endpoint.id, id), 'It is delivered again.')

  return (
    <Card
      title="Deliveries"
      actions={
        <Button
          isSmall
          icon="send"
          disabled={!endpoint.isEnabled}
          onClick={() => act(() => sendTest(endpoint.id), 'A test is on its way.')}
        >
          Send a test
        </Button>
      }
    >
      <div class="delivery-filter">
        <Segments
          label="Status"
          value={status}
          segments={statuses}
          onChange={(chosen) => route(chosen ? `${here}?status=${chosen}` : here, true)}
        />
      </div>
      {error && <Notice tone="bad">{error.message}</Notice>}
      {rows?.length === 0 && (
        <EmptyState icon="send" title={status ? `None is ${status}` : 'Nothing was sent to it yet'}>
          {!status && <p>Send a test, and see at once whether it is received.</p>}
        </EmptyState>
      )}
      {rows && rows.length > 0 && (
        <DeliveryTable
          rows={rows}
          isEnabled={endpoint.isEnabled}
          onOpen={setOpenId}
          onRedeliver={again}
        />
      )}
      <More pages={pages} />
      {openId && (
        <DeliveryDialog
          endpointId={endpoint.id}
          deliveryId={openId}
          onRedeliver={endpoint.isEnabled ? again : undefined}
          onClose={() => setOpenId(undefined)}
        />
      )}
    </Card>
  )
}

/** A test that was just sent is waited for. */
const chooseRefreshMs = (rows: readonly WebhookDelivery[]): number =>
  rows.some(({ status }) => status === 'pending') ? PENDING_REFRESH_MS : REFRESH_MS
