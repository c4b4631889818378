import { type Request, type Response, Router } from 'express'
import { type HttpContext, principalOf } from '../../adapters/http/http-context.ts'
import { createUrls } from '../../adapters/http/image-urls.ts'
import { linkToNext } from '../../adapters/http/pagination.ts'
import { parseQuery } from '../../adapters/http/query.ts'
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
export const createAnalyticsRoutes = (context: HttpContext): Router => {
  const { db, signer, publicUrl } = context
  const router = Router()

  router.get('/summary', async (req, res) => {
    const query = parseQuery(req, analyticsQuerySchema)
    send(res, await summarize(db, resolveRange(query), scopeOf(res, query)))
  })

  router.get('/timeseries', async (req, res) => {
    const query = parseQuery(req, analyticsQuerySchema)
    send(res, await listPoints(db, resolveRange(query), scopeOf(res, query)))
  })

  router.get(['/owners', '/owners.csv'], async (req, res) => {
    assertOperator(principalOf(res))
    const { format, cursor, ...query } = parseQuery(req, analyticsOwnersQuerySchema)
    const page = { ...query, ...resolveRange(query) }
    if (wantsCsv(req, format)) return sendOwnersCsv(db, res, page)
    const after = parseOwnerCursor(cursor)
    const { asOf, owners, next } = await listOwners(db, { ...page, after })
    const nextCursor = next ? formatOwnerCursor(next) : null
    const { base } = createUrls(signer, publicUrl, req)
    if (nextCursor) linkToNext(req, res, `${base}${req.baseUrl}/owners`, nextCursor)
    const { from, to } = page
    send(res, { from, to, asOf, owners, nextCursor } satisfies AnalyticsOwners)
  })

  return router
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

/** Figures move on with every request. */
const send = (res: Response, body: unknown) => void res.set('Cache-Control', 'no-store').json(body)
