import { Router } from 'express'
import { telemetryBatchSchema } from '../../contract/telemetry.ts'
import { beaconBody } from '../body.ts'
import type { HttpContext } from '../http-context.ts'

/** What browsers report. A beacon carries no header, so the token may come with the body. */
export const createTelemetryRoutes = (context: HttpContext): Router => {
  const router = Router()

  router.post('/', ...beaconBody(), async (req, res) => {
    const { ownerId } = await context.authenticate(req.headers.authorization ?? bearerOf(req.body))
    const { events } = telemetryBatchSchema.parse(req.body, { reportInput: true })
    res.status(202).json(await context.recordClientEvents(ownerId, events))
  })

  return router
}

const bearerOf = (body: { token?: unknown } | null | undefined): string | undefined =>
  typeof body?.token === 'string' ? `Bearer ${body.token}` : undefined
