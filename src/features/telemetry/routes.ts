import { Router } from 'express'
import { beaconBody } from '../../adapters/http/body.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { telemetryBatchSchema } from '../../contract/telemetry.ts'

/** What browsers report. A beacon carries no header, so the token may come with the body. */
export const createTelemetryRoutes = (context: HttpContext): Router => {
  const router = Router()

  router.post('/', ...beaconBody(), async (req, res) => {
    const bearer = req.headers.authorization === undefined ? bearerOf(req.body) : undefined
    const { ownerId } = await (bearer ? context.authenticate(bearer) : context.identify(req))
    const { events } = telemetryBatchSchema.parse(req.body, { reportInput: true })
    res.status(202).json(await context.recordClientEvents(ownerId, events))
  })

  return router
}

const bearerOf = (body: { token?: unknown } | null | undefined): string | undefined =>
  typeof body?.token === 'string' ? `Bearer ${body.token}` : undefined
