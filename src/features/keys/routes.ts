import { Router } from 'express'
import type { Database } from '../../../db/database.ts'
import { principalOf } from '../../adapters/http/auth.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached, sendWithETag } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { cutPage, parsePageQuery } from '../../adapters/http/pagination.ts'
import { jsonBody, parseBody } from '../../adapters/http/parse-request.ts'
import { requireOperator } from '../../adapters/http/scope.ts'
import { keyInputSchema } from '../../contract/key.ts'
import { AppError } from '../../lib/errors.ts'
import { makeKey, type SetBudget } from './make.ts'
import { presentKey } from './present.ts'
import { listKeys, revokeKey } from './repository.ts'

type Deps = {
  db: Database
  setBudget: SetBudget
}

/** For operators: making, seeing and revoking keys. */
export const createKeyRoutes = (
  { urlsFor, logger }: Pick<HttpContext, 'urlsFor' | 'logger'>,
  { db, setBudget }: Deps,
): MountedRoutes => {
  const router = Router()
  router.use(requireOperator)

  router.post('/', ...jsonBody(), async (req, res) => {
    const input = parseBody(keyInputSchema, req.body)
    const { ownerId: createdBy } = principalOf(res)
    const { row, secret } = await makeKey({ db, setBudget }, input, createdBy)
    logger.info({ keyId: row.id, createdBy }, 'a key was made')
    res.status(201).location(`${urlsFor(req).base}${req.baseUrl}/${row.id}`)
    sendUncached(res, { ...presentKey(row), key: secret })
  })

  router.get('/', async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const rows = await listKeys(db, { before, limit: limit + 1 })
    const { page, nextCursor } = cutPage(req, res, urlsFor(req), rows, limit, (row) => ({
      at: row.createdAt,
      id: row.id,
    }))
    sendWithETag(req, res, { keys: page.map((row) => presentKey(row)), nextCursor })
  })

  router.delete('/:id', async (req, res) => {
    const id = String(req.params.id)
    const row = await revokeKey(db, id)
    if (!row) throw new AppError('not_found', 'There is no key with this id.')
    logger.info({ keyId: id, revokedBy: principalOf(res).ownerId }, 'a key was revoked')
    sendUncached(res, presentKey(row))
  })

  return { path: '/api/keys', access: 'token', handler: router }
}
