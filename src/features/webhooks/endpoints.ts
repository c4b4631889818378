import { randomBytes } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Schema, WebhookEndpointRow } from '../../../db/schema.ts'
import { MAX_WEBHOOK_ENDPOINTS } from '../../contract/limits.ts'
import type { WebhookChange, WebhookInput } from '../../contract/webhook.ts'
import type { PagePosition } from '../../generation/state/repository.ts'
import { insertOwnerIfNew } from '../../generation/submit/idempotency.ts'
import { AppError } from '../../lib/errors.ts'
import { disableEndpoint } from './record.ts'
import { createSecret } from './secret.ts'

/** Whose endpoints: an owner's, or a hook source's. */
export type Registrant = { ownerId: string } | { source: string }

/** Whose an endpoint must be to be found; everyone's for an operator. */
export type EndpointScope = Registrant | 'everyone'

/** How long the secret before the newest one signs besides. */
const ROTATION_HOURS = 24

/** Registers an endpoint under a new secret. Throws `too_many_webhooks`. */
export const registerOwnersEndpoint = async (
  db: Database,
  ownerId: string,
  input: WebhookInput,
): Promise<WebhookEndpointRow> => {
  await insertOwnerIfNew(db, ownerId)
  return db.transaction().execute((tx) => insertEndpoint(tx, { ownerId }, input))
}

/** Within a transaction, so that no two at once take the last place. Throws `too_many_webhooks`. */
export const insertEndpoint = async (
  tx: Transaction<Schema>,
  registrant: Registrant,
  { url, events, description, isEnabled }: WebhookInput,
): Promise<WebhookEndpointRow> => {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`webhooks ${JSON.stringify(registrant)}`}, 0))`.execute(
    tx,
  )
  const { count } = await tx
    .selectFrom('webhookEndpoints')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where(isOf(registrant))
    .executeTakeFirstOrThrow()
  if (Number(count) >= MAX_WEBHOOK_ENDPOINTS) throw tooMany()
  return tx
    .insertInto('webhookEndpoints')
    .values({
      id: `we_${randomBytes(20).toString('hex')}`,
      ...registrant,
      url,
      events,
      description: description ?? null,
      isEnabled,
      secret: createSecret(),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Throws `not_found` for another's alike. */
export const getEndpoint = async (
  db: Database,
  scope: EndpointScope,
  id: string,
): Promise<WebhookEndpointRow> => {
  if (!ENDPOINT_ID.test(id)) throw notFound()
  const row = await db
    .selectFrom('webhookEndpoints')
    .selectAll()
    .where('id', '=', id)
    .where(isOf(scope))
    .executeTakeFirst()
  if (!row) throw notFound()
  return row
}

/** Newest first. */
export const listEndpoints = (
  db: Database,
  scope: EndpointScope,
  { before, limit }: { before: PagePosition | undefined; limit: number },
): Promise<WebhookEndpointRow[]> => {
  let query = db.selectFrom('webhookEndpoints').selectAll().where(isOf(scope))
  if (before) query = query.where(sql<boolean>`(created_at, id) < (${before.at}, ${before.id})`)
  return query.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

/** Changes the given fields. Enabling, or another URL, forgets what went wrong; disabling ends what is to be delivered. */
export const changeEndpoint = (
  db: Database,
  scope: EndpointScope,
  id: string,
  { isEnabled, url, events, description }: WebhookChange,
): Promise<WebhookEndpointRow> =>
  db.transaction().execute(async (tx) => {
    const before = await getEndpoint(tx, scope, id)
    if (isEnabled === false && before.isEnabled) await disableEndpoint(tx, id, null)
    const isAnew = isEnabled || (url !== undefined && url !== before.url)
    return tx
      .updateTable('webhookEndpoints')
      .set({
        updatedAt: sql<Date>`now()`,
        ...(url !== undefined && { url }),
        ...(events && { events }),
        ...(description !== undefined && { description }),
        ...(isAnew && { failingSince: null }),
        ...(isEnabled && { isEnabled, disabledReason: null }),
      })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow(notFound)
  })

/** A new secret; the one before it signs besides for a day, and one before that no longer. */
export const rotateSecret = async (
  db: Database,
  scope: EndpointScope,
  id: string,
): Promise<WebhookEndpointRow> => {
  await getEndpoint(db, scope, id)
  return db
    .updateTable('webhookEndpoints')
    .set((eb) => ({
      previousSecret: eb.ref('secret'),
      previousSecretExpiresAt: sql<Date>`now() + ${ROTATION_HOURS}::int * interval '1 hour'`,
      secret: createSecret(),
      updatedAt: sql<Date>`now()`,
    }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow(notFound)
}

/** With its deliveries and their log. Throws `not_found`. */
export const deleteEndpoint = async (
  db: Database,
  scope: EndpointScope,
  id: string,
): Promise<void> => {
  await getEndpoint(db, scope, id)
  await db.deleteFrom('webhookEndpoints').where('id', '=', id).execute()
}

const isOf = (scope: EndpointScope) => {
  if (scope === 'everyone') return sql<boolean>`true`
  return 'source' in scope
    ? sql<boolean>`source = ${scope.source}`
    : sql<boolean>`owner_id = ${scope.ownerId}`
}

const ENDPOINT_ID = /^we_[0-9a-f]{40}$/

const notFound = () => new AppError('not_found', 'There is no webhook endpoint with this id.')

const tooMany = () =>
  new AppError(
    'too_many_webhooks',
    `There are ${MAX_WEBHOOK_ENDPOINTS} webhook endpoints already; delete one first.`,
  )
