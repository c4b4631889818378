import { Router } from 'express'
import type { Authenticate, Identify } from '../../adapters/http/auth.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { beaconBody, parseBody } from '../../adapters/http/parse-request.ts'
import { telemetryBatchSchema } from '../../contract/telemetry.ts'
import type { RecordClientEvents } from './client-events.ts'

type Deps = {
  authenticate: Authenticate
  identify: Identify
  recordClientEvents: RecordClientEvents
}

/** What browsers report. A beacon carries no header, so the token may come with the body. */
export const createTelemetryRoutes = (deps: Deps): MountedRoutes => {
  const { authenticate, identify, recordClientEvents } = deps
  const router = Router()

  router.post('/', ...beaconBody(), async (req, res) => {
    const bearer = req.headers.authorization === undefined ? bearerOf(req.body) : undefined
    const { ownerId } = await (bearer ? authenticate(bearer) : identify(req))
    const { events } = parseBody(telemetryBatchSchema, req.body)
    res.status(202).json(await recordClientEvents(ownerId, events))
  })

  return { path: '/api/telemetry', access: 'own', handler: router }
}

const bearerOf = (body: { token?: unknown } | null | undefined): string | undefined =>
  typeof body?.token === 'string' ? `Bearer ${body.token}` : undefined
