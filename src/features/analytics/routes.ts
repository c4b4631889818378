import { type Request, type Response, Router } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { linkToNext } from '../../adapters/http/pagination.ts'
import { parseQuery } from '../../adapters/http/parse-request.ts'
import { ALL_OWNERS, assertOperator, parseScope } from '../../adapters/http/scope.ts'
import {
  type AnalyticsOwners,
  type AnalyticsQuery,
  analyticsOwnersQuerySchema,
  analyticsQuerySchema,
} from '../../contract/analytics.ts'
import { resolveRange } from './days.ts'
import { listOwners } from './owners.ts'
import { formatOwnerCursor, parseOwnerCursor, sendOwnersCsv } from './owners-csv.ts'
import { listPoints, summarize } from './report.ts'

/** What was asked for, made, reused, spent and saved; all owners' for operators. */
export const createAnalyticsRoutes = ({ db, urlsFor }: HttpContext): MountedRoutes => {
  const router = Router()

  router.get('/summary', async (req, res) => {
    const query = parseQuery(req, analyticsQuerySchema)
    sendUncached(res, await summarize(db, resolveRange(query), scopeOf(res, query)))
  })

  router.get('/timeseries', async (req, res) => {
    const query = parseQuery(req, analyticsQuerySchema)
    sendUncached(res, await listPoints(db, resolveRange(query), scopeOf(res, query)))
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

/** Operators read all owners' unless they name one; undefined stands for all. Throws `forbidden`. */
const scopeOf = (res: Response, { owner }: AnalyticsQuery): string | undefined => {
  const principal = principalOf(res)
  return parseScope(principal, owner ?? (principal.isAdmin ? ALL_OWNERS : undefined))
}

const wantsCsv = (req: Request, format: 'json' | 'csv' | undefined): boolean => {
  if (req.path.endsWith('.csv')) return true
  return format ? format === 'csv' : req.accepts(['json', 'csv']) === 'csv'
}
