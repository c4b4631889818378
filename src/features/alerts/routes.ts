import { Router } from 'express'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached, sendWithETag } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { cutPage, parsePageQuery } from '../../adapters/http/pagination.ts'
import { requireOperator } from '../../adapters/http/scope.ts'
import type { AlertHistory } from '../../contract/alert.ts'
import { presentAlertEvent, presentAlerts } from './present.ts'
import { findAlerts, listAlertEvents } from './repository.ts'
import type { AlertRule } from './rules.ts'

type Deps = { rules: readonly AlertRule[]; intervalMs: number }

/** What is wrong with the service, and what was, for operators. */
export const createAlertRoutes = (
  { db, urlsFor }: HttpContext,
  { rules, intervalMs }: Deps,
): MountedRoutes => {
  const router = Router()

  router.get('/', requireOperator, async (_req, res) => {
    sendUncached(res, presentAlerts(rules, await findAlerts(db), intervalMs))
  })

  router.get('/history', requireOperator, async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const rows = await listAlertEvents(db, { before, limit: limit + 1 })
    const { page, nextCursor } = cutPage(req, res, urlsFor(req), rows, limit, ({ at, id }) => ({
      at,
      id,
    }))
    const events = page.map((row) => presentAlertEvent(rules, row))
    sendWithETag(req, res, { events, nextCursor } satisfies AlertHistory)
  })

  return { path: '/api/alerts', access: 'token', handler: router }
}
