import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { Webhook } from '../../src/contract/webhook.ts'
import { createEndpoint } from '../endpoints/calls.ts'
import { EndpointDialog } from '../endpoints/endpoint-dialog.tsx'
import { EndpointTable } from '../endpoints/endpoint-table.tsx'
import { SecretDialog } from '../endpoints/secret-dialog.tsx'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { More } from '../parts/more.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { useSession } from '../session-context.ts'
import { usePages } from '../use-pages.ts'

const REFRESH_MS = 15_000

/** The endpoints that hear when generations end. */
export const Webhooks = () => {
  const { isAdmin } = useSession()
  const { route } = useLocation()
  const [isAdding, setIsAdding] = useState(false)
  const [added, setAdded] = useState<Webhook>()
  const path = `/api/webhooks?limit=50${isAdmin ? '&owner=*' : ''}`
  const pages = usePages<Webhook>(path, 'webhooks', () => REFRESH_MS)
  const { rows, error } = pages
  const add = (
    <Button kind="primary" icon="plus" onClick={() => setIsAdding(true)}>
      Add an endpoint
    </Button>
  )

  return (
    <Page
      title="Webhooks"
      about="Addresses of your own that receive a message when a generation ends."
      actions={rows && rows.length > 0 && add}
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      <Card>
        {rows?.length === 0 && (
          <EmptyState icon="webhooks" title="No endpoint yet">
            <p>
              Add an address of your app’s, and it hears of every image that is made, fails or is
              canceled: signed, and tried again until it is received.
            </p>
            {add}
          </EmptyState>
        )}
        {rows && rows.length > 0 && <EndpointTable rows={rows} hasOwners={isAdmin} />}
        <More pages={pages} />
      </Card>
      {isAdding && (
        <EndpointDialog
          onSave={async (input) => setAdded(await createEndpoint(input))}
          onClose={() => setIsAdding(false)}
        />
      )}
      {added?.secret && (
        <SecretDialog secret={added.secret} onClose={() => route(`/webhooks/${added.id}`)} />
      )}
    </Page>
  )
}
