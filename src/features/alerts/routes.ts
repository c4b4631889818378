import { type RequestHandler, Router } from 'express'
import { type HttpContext, principalOf } from '../../adapters/http/http-context.ts'
import { createUrls } from '../../adapters/http/image-urls.ts'
import { sendWithETag } from '../../adapters/http/json.ts'
import { cutPage, parsePageQuery } from '../../adapters/http/pagination.ts'
import { assertOperator } from '../../adapters/http/scope.ts'
import type { AlertHistory } from '../../contract/alert.ts'
import { presentAlertEvent, presentAlerts } from './present.ts'
import { findAlerts, listAlertEvents } from './repository.ts'

/** What is wrong with the service, and what was, for operators. */
export const createAlertRoutes = (context: HttpContext): Router => {
  const { db, signer, publicUrl } = context
  const { rules, intervalMs } = context.alerts
  const router = Router()

  router.get('/', operatorsOnly, async (_req, res) => {
    const found = await findAlerts(db)
    res.set('Cache-Control', 'no-store').json(presentAlerts(rules, found, intervalMs))
  })

  router.get('/history', operatorsOnly, async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const rows = await listAlertEvents(db, { before, limit: limit + 1 })
    const urls = createUrls(signer, publicUrl, req)
    const { page, nextCursor } = cutPage(req, res, urls, rows, limit, ({ at, id }) => ({ at, id }))
    const events = page.map((row) => presentAlertEvent(rules, row))
    sendWithETag(req, res, { events, nextCursor } satisfies AlertHistory)
  })

  return router
}

const operatorsOnly: RequestHandler = (_req, res, next) => {
  assertOperator(principalOf(res))
  next()
}
