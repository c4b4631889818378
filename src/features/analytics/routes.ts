import { type Request, Router } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { linkToNext } from '../../adapters/http/pagination.ts'
import { parseQuery } from '../../adapters/http/parse-request.ts'
import { assertOperator } from '../../adapters/http/scope.ts'
import {
  type AnalyticsOwners,
  analyticsOwnersQuerySchema,
  analyticsQuerySchema,
} from '../../contract/analytics.ts'
import { resolveRange } from './days.ts'
import { listOwners } from './owners.ts'
import { formatOwnerCursor, parseOwnerCursor, sendOwnersCsv } from './owners-csv.ts'
import { listPoints, summarize } from './report.ts'
import { type ShareOf, summarizeSavings } from './savings.ts'
import { scopeOf } from './scope-of.ts'

/** What was asked for, made, reused, spent and saved; all owners' for operators. */
export const createAnalyticsRoutes = (
  { db, urlsFor }: HttpContext,
  shareOf: ShareOf,
): MountedRoutes => {
  const router = Router()

  router.get('/summary', async (req, res) => {
    const query = parseQuery(req, analyticsQuerySchema)
    sendUncached(
      res,
      await summarize(db, resolveRange(query), scopeOf(principalOf(res), query.owner)),
    )
  })

  router.get('/timeseries', async (req, res) => {
    const query = parseQuery(req, analyticsQuerySchema)
    sendUncached(
      res,
      await listPoints(db, resolveRange(query), scopeOf(principalOf(res), query.owner)),
    )
  })

  router.get('/savings', async (req, res) => {
    const query = parseQuery(req, analyticsQuerySchema)
    const ownerId = scopeOf(principalOf(res), query.owner)
    sendUncached(res, await summarizeSavings(db, resolveRange(query), ownerId, shareOf))
  })

  router.get(['/owners', '/owners.csv'], async (req, res) => {
    assertOperator(principalOf(res))
    const { format, cursor, ...query } = parseQuery(req, analyticsOwnersQuerySchema)
    const page = { ...query, ...resolveRange(query) }
    if (wantsCsv(req, format)) return sendOwnersCsv(db, res, page)
    const after = parseOwnerCursor(cursor)
    const { asOf, owners, next } = await listOwners(db, { ...page, after })
    const nextCursor = next ? formatOwnerCursor(next) : null
    const { base } = urlsFor(req)
    if (nextCursor) linkToNext(req, res, `${base}${req.baseUrl}/owners`, nextCursor)
    const { from, to } = page
    sendUncached(res, { from, to, asOf, owners, nextCursor } satisfies AnalyticsOwners)
  })

  return { path: '/api/analytics', access: 'token', handler: router }
}

const wantsCsv = (req: Request, format: 'json' | 'csv' | undefined): boolean => {
  if (req.path.endsWith('.csv')) return true
  return format ? format === 'csv' : req.accepts(['json', 'csv']) === 'csv'
}
