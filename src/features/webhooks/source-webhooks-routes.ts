import { Router } from 'express'
import type { Database } from '../../../db/database.ts'
import type { HookSecret } from '../../adapters/http/hook-signature.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { parseBody, parseJson, signedBody } from '../../adapters/http/parse-request.ts'
import { readSignedHook } from '../../adapters/http/signed-hook.ts'
import { deletionSchema, sourceWebhookSchema } from '../../contract/webhook.ts'
import { presentEndpoint, presentWithSecret } from './present.ts'
import type { ParseWebhookUrl } from './routes.ts'
import {
  listSourcesEndpoints,
  registerSourcesEndpoint,
  removeSourcesEndpoint,
} from './source-endpoints.ts'

type Deps = { db: Database; secrets: readonly HookSecret[]; parseUrl: ParseWebhookUrl }

/** Endpoints of a hook source, for the ends of the generations of its items. */
export const createSourceWebhookRoutes = ({ db, secrets, parseUrl }: Deps): MountedRoutes => {
  const router = Router()

  router.post('/', ...signedBody(), async (req, res) => {
    const { delivery, text } = readSignedHook(secrets, req)
    const input = parseBody(sourceWebhookSchema, parseJson(text))
    const url = parseUrl(input.url)
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
    const { id } = parseBody(deletionSchema, parseJson(text))
    await removeSourcesEndpoint(db, delivery, id)
    res.status(204).end()
  })

  return { path: '/api/hooks/webhooks', access: 'own', handler: router }
}
