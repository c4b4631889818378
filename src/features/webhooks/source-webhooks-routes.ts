import { Router } from 'express'
import { signedBody } from '../../adapters/http/body.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { deletionSchema, sourceWebhookSchema } from '../../contract/webhook.ts'
import { parseSignedJson, readSignedHook } from '../saved-items/signed-hook.ts'
import { presentEndpoint, presentWithSecret } from './present.ts'
import {
  listSourcesEndpoints,
  registerSourcesEndpoint,
  removeSourcesEndpoint,
} from './source-endpoints.ts'

/** Endpoints of a hook source, that are told when the generations of its items end. */
export const createSourceWebhookRoutes = (context: HttpContext): Router => {
  const { db, parseWebhookUrl } = context
  const { secrets } = context.hooks
  const router = Router()

  router.post('/', ...signedBody(), async (req, res) => {
    const { delivery, text } = readSignedHook(secrets, req)
    const input = sourceWebhookSchema.parse(parseSignedJson(text), { reportInput: true })
    const url = parseWebhookUrl(input.url)
    const row = await registerSourcesEndpoint(db, delivery, { ...input, url })
    res.status(201).set('Cache-Control', 'no-store').json(presentWithSecret(row))
  })

  router.get('/', async (req, res) => {
    const { delivery } = readSignedHook(secrets, req)
    const rows = await listSourcesEndpoints(db, delivery)
    res.set('Cache-Control', 'no-store').json({ webhooks: rows.map(presentEndpoint) })
  })

  // In the body, since the signature is not of the path.
  router.delete('/', ...signedBody(), async (req, res) => {
    const { delivery, text } = readSignedHook(secrets, req)
    const { id } = deletionSchema.parse(parseSignedJson(text), { reportInput: true })
    await removeSourcesEndpoint(db, delivery, id)
    res.status(204).end()
  })

  return router
}
