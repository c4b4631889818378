import { Router } from 'express'
import type { Identify } from '../../adapters/http/auth.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { beaconBody, parseBody } from '../../adapters/http/parse-request.ts'
import { telemetryBatchSchema } from '../../contract/telemetry.ts'
import type { RecordClientEvents } from './client-events.ts'

type Deps = {
  identify: Identify
  recordClientEvents: RecordClientEvents
}

/** What browsers report. A beacon carries no header, so the token may come with the body. */
export const createTelemetryRoutes = (deps: Deps): MountedRoutes => {
  const { identify, recordClientEvents } = deps
  const router = Router()

  router.post('/', ...beaconBody(), async (req, res) => {
    const { ownerId } = await identify(req, tokenOf(req.body))
    const { events } = parseBody(telemetryBatchSchema, req.body)
    res.status(202).json(await recordClientEvents(ownerId, events))
  })

  return { path: '/api/telemetry', access: 'own', handler: router }
}

const tokenOf = (body: { token?: unknown } | null | undefined): string | undefined =>
  typeof body?.token === 'string' ? body.token : undefined
