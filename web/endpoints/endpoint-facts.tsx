import { Fragment } from 'preact'
import type { Webhook } from '../../src/contract/webhook.ts'
import { formatMoment } from '../parts/format.ts'
import { EndpointBadge } from './endpoint-badge.tsx'
import { EventBadges } from './endpoint-table.tsx'

export const EndpointFacts = ({ endpoint }: { endpoint: Webhook }) => {
  const { description, events, ownerId, source, failingSince, previousSecretExpiresAt } = endpoint
  const facts = [
    { name: 'State', value: <EndpointBadge endpoint={endpoint} /> },
    { name: 'Failing since', value: failingSince && formatMoment(failingSince) },
    { name: 'Description', value: description },
    { name: 'Events', value: <EventBadges events={events} /> },
    { name: source ? 'Source' : 'Owner', value: source ?? ownerId },
    { name: 'Added', value: formatMoment(endpoint.createdAt) },
    {
      name: 'Secrets',
      value:
        previousSecretExpiresAt &&
        `two sign, the one before until ${formatMoment(previousSecretExpiresAt)}`,
    },
  ]
  return (
    <dl class="facts">
      {facts
        .filter(({ value }) => value)
        .map(({ name, value }) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  )
}
