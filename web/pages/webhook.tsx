import type { Webhook as Endpoint } from '../../src/contract/webhook.ts'
import { Deliveries } from '../endpoints/deliveries.tsx'
import { EndpointActions } from '../endpoints/endpoint-actions.tsx'
import { EndpointFacts } from '../endpoints/endpoint-facts.tsx'
import { ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { useResource } from '../use-resource.ts'

const REFRESH_MS = 10_000

/** One endpoint, and its deliveries. */
export const Webhook = ({ id = '' }: { id?: string }) => {
  const path = `/api/webhooks/${encodeURIComponent(id)}`
  const { value: endpoint, error, reload } = useResource<Endpoint>(path, REFRESH_MS)
  return (
    <Page
      title="Webhook"
      about={endpoint && <span class="endpoint-url">{endpoint.url}</span>}
      actions={
        endpoint ? (
          <EndpointActions endpoint={endpoint} onChanged={reload} />
        ) : (
          <ButtonLink href="/webhooks" icon="left">
            All endpoints
          </ButtonLink>
        )
      }
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      {endpoint && (
        <>
          <Card>
            <EndpointFacts endpoint={endpoint} />
          </Card>
          <Deliveries key={endpoint.id} endpoint={endpoint} onSent={reload} />
        </>
      )}
    </Page>
  )
}
