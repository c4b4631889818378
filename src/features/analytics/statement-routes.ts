import { Router } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import { formatCsv } from '../../adapters/http/csv.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { parseQuery } from '../../adapters/http/parse-request.ts'
import { analyticsQuerySchema } from '../../contract/analytics.ts'
import { AppError } from '../../lib/errors.ts'
import type { ShareOf } from './savings.ts'
import { scopeOf } from './scope-of.ts'
import { formatMarkdown, listStatementRows, readStatement } from './statement.ts'

const querySchema = analyticsQuerySchema.pick({ owner: true })

/** What a month cost and what it would have cost, as JSON, for people and for sheets. */
export const createStatementRoutes = (
  { db }: Pick<HttpContext, 'db'>,
  shareOf: ShareOf,
): MountedRoutes => {
  const router = Router()
  router.get('/:file', async (req, res) => {
    const ownerId = scopeOf(principalOf(res), parseQuery(req, querySchema).owner)
    const [, month = '', form] = /^([^.]*)(?:\.(md|csv))?$/.exec(String(req.params.file)) ?? []
    if (month === '') throw new AppError('not_found', 'A statement is 2026-11, .md or .csv.')
    const statement = await readStatement(db, month, ownerId, shareOf)
    if (form === undefined) return sendUncached(res, statement)
    res.set('Cache-Control', 'no-store')
    res.attachment(`imageonce-statement-${month}.${form}`)
    if (form === 'md') res.type('text/markdown').send(formatMarkdown(statement))
    else res.type('text/csv').send(formatCsv(listStatementRows(statement)))
  })
  return { path: '/api/statements', access: 'token', handler: router }
}
