import { Readable } from 'node:stream'
import { type Request, Router } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { parseQuery } from '../../adapters/http/parse-request.ts'
import { requireOperator } from '../../adapters/http/scope.ts'
import { MAX_BILL_BYTES, reconcileQuerySchema } from '../../contract/reconciliation.ts'
import { AppError } from '../../lib/errors.ts'
import { assertZone, parseColumns, type ReconcileOptions } from './options.ts'
import { type ReconcileDeps, reconcile } from './reconcile.ts'
import { findReconciliation, listReconciliations } from './results.ts'

/** Bills that are compared with the books, for operators. */
export const createBooksRoutes = (
  { logger }: Pick<HttpContext, 'logger'>,
  deps: ReconcileDeps,
): MountedRoutes => {
  const router = Router()
  router.use(requireOperator)

  router.post('/', async (req, res) => {
    assertCsv(req)
    const by = principalOf(res).ownerId
    const { name, columns, zone, settle, ...query } = parseQuery(req, reconcileQuerySchema)
    if (zone !== undefined) assertZone(zone)
    const options: ReconcileOptions = {
      ...query,
      zone,
      billName: name,
      by,
      columns: columns === undefined ? undefined : parseColumns(columns),
      isToSettle: settle,
    }
    const made = await readBody(req, (bill) => reconcile(deps, bill, options))
    const { id, isExplained, estimates } = made
    logger.info({ id, isExplained, estimates, by }, 'a bill was compared with the books')
    res.status(201).location(`/api/reconciliations/${id}`)
    sendUncached(res, made)
  })

  router.get('/', async (_req, res) => {
    sendUncached(res, await listReconciliations(deps.db))
  })

  router.get('/:id', async (req, res) => {
    const { id } = req.params
    const isId = id === 'latest' || /^\d{1,18}$/.test(String(id))
    const found = isId ? await findReconciliation(deps.db, String(id)) : undefined
    if (!found) throw new AppError('not_found', 'There is no such reconciliation.')
    sendUncached(res, found)
  })

  return { path: '/api/reconciliations', access: 'token', handler: router }
}

const assertCsv = (req: Request): void => {
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type === 'text/csv') return
  throw new AppError('unsupported_media_type', 'Content-Type must be text/csv.', {
    pointer: 'Content-Type',
  })
}

/** Reads the body as it comes, and leaves the connection whole where it stops. Throws `payload_too_large`. */
const readBody = <T>(req: Request, read: (bill: Readable) => Promise<T>): Promise<T> =>
  read(Readable.from(boundedChunks(req), { objectMode: false }))

async function* boundedChunks(req: Request): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length
    if (bytes > MAX_BILL_BYTES) throw tooLarge()
    yield chunk
  }
}

const tooLarge = () =>
  new AppError(
    'payload_too_large',
    `A bill may have ${MAX_BILL_BYTES} bytes over HTTP. The command line takes any: imageonce reconcile bill.csv.`,
  )
