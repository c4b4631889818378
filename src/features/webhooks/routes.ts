import { type Request, type Response, Router } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached, sendWithETag } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { cutPage, parsePageQuery, parseQueryWord } from '../../adapters/http/pagination.ts'
import { jsonBody, parseBody, parseQuery } from '../../adapters/http/parse-request.ts'
import { assertOperator, parseScope } from '../../adapters/http/scope.ts'
import { alertWebhookEventSchema, webhookDeliveryStatusSchema } from '../../contract/vocabulary.ts'
import {
  webhookChangeSchema,
  webhookInputSchema,
  webhookQuerySchema,
} from '../../contract/webhook.ts'
import { getDelivery, insertTest, listDeliveries, redeliver } from './deliveries.ts'
import {
  changeEndpoint,
  deleteEndpoint,
  type EndpointScope,
  getEndpoint,
  listEndpoints,
  registerOwnersEndpoint,
  rotateSecret,
} from './endpoints.ts'
import { presentDelivery, presentEndpoint, presentWithSecret } from './present.ts'

/** The URL of an endpoint as it is kept. Throws `invalid_request`. */
export type ParseWebhookUrl = (url: string) => string

/** An owner's endpoints, which hear when generations end, and what was delivered to them. */
export const createWebhookRoutes = (
  { db, urlsFor }: HttpContext,
  parseUrl: ParseWebhookUrl,
): MountedRoutes => {
  const router = Router()
  const findEndpoint = (req: Request, res: Response) =>
    getEndpoint(db, scopeOf(res), String(req.params.id))

  router.post('/', ...jsonBody(), async (req, res) => {
    const input = parseBody(webhookInputSchema, req.body)
    assertMayHear(res, input.events)
    const url = parseUrl(input.url)
    const row = await registerOwnersEndpoint(db, principalOf(res).ownerId, { ...input, url })
    const { base } = urlsFor(req)
    res.status(201).location(`${base}${req.baseUrl}/${row.id}`)
    sendUncached(res, presentWithSecret(row))
  })

  router.get('/', async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const scope = parseListScope(req, res)
    const rows = await listEndpoints(db, scope, { before, limit: limit + 1 })
    const urls = urlsFor(req)
    const { page, nextCursor } = cutPage(req, res, urls, rows, limit, positionOf)
    sendWithETag(req, res, { webhooks: page.map(presentEndpoint), nextCursor })
  })

  router.get('/:id', async (req, res) => {
    sendWithETag(req, res, presentEndpoint(await findEndpoint(req, res)))
  })

  router.patch('/:id', ...jsonBody(), async (req, res) => {
    const { url, ...rest } = parseBody(webhookChangeSchema, req.body)
    assertMayHear(res, rest.events)
    const change = { ...rest, ...(url !== undefined && { url: parseUrl(url) }) }
    const row = await changeEndpoint(db, scopeOf(res), String(req.params.id), change)
    sendUncached(res, presentEndpoint(row))
  })

  router.delete('/:id', async (req, res) => {
    await deleteEndpoint(db, scopeOf(res), String(req.params.id))
    res.status(204).end()
  })

  router.post('/:id/rotate-secret', async (req, res) => {
    const { ownerId } = principalOf(res)
    const row = await rotateSecret(db, { ownerId }, String(req.params.id))
    sendUncached(res, presentWithSecret(row))
  })

  router.post('/:id/test', async (req, res) => {
    const row = await insertTest(db, await findEndpoint(req, res))
    res.status(202)
    sendUncached(res, presentDelivery(row))
  })

  router.get('/:id/deliveries', async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const status = parseQueryWord(req, 'status', webhookDeliveryStatusSchema)
    const { id: endpointId } = await findEndpoint(req, res)
    const rows = await listDeliveries(db, { endpointId, status, before, limit: limit + 1 })
    const urls = urlsFor(req)
    const { page, nextCursor } = cutPage(req, res, urls, rows, limit, positionOf)
    sendWithETag(req, res, { deliveries: page.map((row) => presentDelivery(row)), nextCursor })
  })

  router.get('/:id/deliveries/:deliveryId', async (req, res) => {
    const { id } = await findEndpoint(req, res)
    const { delivery, attempts } = await getDelivery(db, id, String(req.params.deliveryId))
    sendWithETag(req, res, presentDelivery(delivery, attempts))
  })

  router.post('/:id/deliveries/:deliveryId/redeliver', async (req, res) => {
    const row = await redeliver(db, await findEndpoint(req, res), String(req.params.deliveryId))
    res.status(202)
    sendUncached(res, presentDelivery(row))
  })

  return { path: '/api/webhooks', access: 'token', handler: router }
}

/** Throws `forbidden` when anyone but an operator asks to hear of alerts. */
const assertMayHear = (res: Response, events: readonly string[] = []): void => {
  const { options } = alertWebhookEventSchema
  if (options.some((event) => events.includes(event))) assertOperator(principalOf(res))
}

const scopeOf = (res: Response): EndpointScope => {
  const { ownerId, isAdmin } = principalOf(res)
  return isAdmin ? 'everyone' : { ownerId }
}

const parseListScope = (req: Request, res: Response): EndpointScope => {
  const { owner } = parseQuery(req, webhookQuerySchema)
  const ownerId = parseScope(principalOf(res), owner)
  return ownerId === undefined ? 'everyone' : { ownerId }
}

const positionOf = ({ createdAt, id }: { createdAt: Date; id: string }) => ({ at: createdAt, id })
