import type { ServerStatus } from '../../src/contract/server-status.ts'
import { ProviderBadge } from '../parts/badge.tsx'
import { ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'

const queues = { redis: 'BullMQ on Redis', postgres: 'BullMQ on Postgres' }
const databases = { embedded: 'embedded Postgres', postgres: 'Postgres' }
const stores = { filesystem: 'files on this machine', s3: 'S3' }

/** What the server is made of. */
export const ServerFacts = ({ status }: { status: ServerStatus }) => (
  <Card
    title="This server"
    actions={
      <>
        <ButtonLink isSmall isElsewhere icon="open" href="/admin/queues">
          Queues
        </ButtonLink>
        <ButtonLink isSmall isElsewhere icon="open" href="/docs">
          API reference
        </ButtonLink>
      </>
    }
  >
    <dl class="server-facts">
      <div>
        <dt>Version</dt>
        <dd>{status.version}</dd>
      </div>
      <div>
        <dt>Image model</dt>
        <dd>
          <ProviderBadge provider={status.provider} />
        </dd>
      </div>
      <div>
        <dt>Database</dt>
        <dd>{databases[status.database]}</dd>
      </div>
      <div>
        <dt>Queue</dt>
        <dd>{queues[status.queue]}</dd>
      </div>
      <div>
        <dt>Image store</dt>
        <dd>{stores[status.store]}</dd>
      </div>
      {status.prices && <PriceFacts prices={status.prices} />}
    </dl>
  </Card>
)

/** How old what calls are priced by is. */
const PriceFacts = ({ prices }: { prices: NonNullable<ServerStatus['prices']> }) => (
  <div>
    <dt>Prices</dt>
    <dd>
      {prices.version}
      {prices.oldestCheckedOn && `, compared on ${prices.oldestCheckedOn} or later`}
      {prices.old.length > 0 && <span class="tone-bad">; too old: {prices.old.join(', ')}</span>}
    </dd>
  </div>
)
