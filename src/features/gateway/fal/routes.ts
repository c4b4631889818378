import { type Request, type RequestHandler, type Response, Router } from 'express'
import { DatabaseAway } from '../../../../db/away.ts'
import type { HttpContext } from '../../../adapters/http/http-context.ts'
import { sendUncached } from '../../../adapters/http/json.ts'
import type { MountedRoutes } from '../../../adapters/http/mounted-routes.ts'
import { jsonBody } from '../../../adapters/http/parse-request.ts'
import { MAX_DIALECT_BODY_BYTES } from '../../../contract/limits.ts'
import { isTerminal } from '../../../contract/vocabulary.ts'
import { type CancelDeps, cancelGeneration } from '../../../generation/state/cancel.ts'
import { type GenerationWithImage, isPresumed } from '../../../generation/state/repository.ts'
import { AppError } from '../../../lib/errors.ts'
import type { Gateway } from '../gateway.ts'
import { findAddress } from './address.ts'
import { describeFailure } from './failure.ts'
import { describeOutput } from './pictures.ts'
import { presentProblem } from './present-problem.ts'
import { type ReadRequestDeps, readRequest } from './read-request.ts'
import { formatRequestId, parseRequestId, type QueuedRequest } from './request-id.ts'
import { describeStatus, describeUrls, type FalStatus } from './status.ts'
import { createStatusStreams } from './status-stream.ts'
import { QUEUE_PATH, TIMEOUT_HEADER } from './target.ts'
import { FAL } from './webhook.ts'

export type FalDeps = ReadRequestDeps & {
  cancel: CancelDeps
  /** Counts an open stream; what it gives back is called at its end. */
  countStream: () => () => void
  /** The address of a webhook as it is kept. Throws `invalid_request`. */
  parseWebhookUrl: (url: string) => string
  /** Has the end of a request told there. Throws `too_many_webhooks`. */
  wantWebhook: (wanted: {
    ownerId: string
    dialect: string
    url: string
    requestId: string
    generationIds: readonly string[]
  }) => Promise<void>
  /** What webhooks are verified with. */
  jwks: object
}

/** How long receivers of webhooks may go on with the keys that they have. */
const JWKS_MAX_AGE_SECONDS = 3_600

/**
 * fal's queue and its synchronous calls (ADR 73), for any endpoint: a request is what its id says, and nothing is kept of it. Errors
 * are fal's.
 */
export const createFalRoutes = (
  gateway: Gateway,
  http: HttpContext,
  deps: FalDeps,
): MountedRoutes[] => {
  const router = Router()
  const streamStatus = createStatusStreams(http, deps.countStream)
  router.use(findAddress)

  const run: RequestHandler = async (req, res) => {
    const timeoutMs = parseTimeoutMs(req)
    const { outputFormat, wanted } = await readRequest(deps, req, res, endpointOf(res))
    const { rows } = await gateway.askForEnds(req, res, () => wanted, { timeoutMs })
    const generationIds = rows.map(({ id }) => id)
    setRequestId(res, formatRequestId({ generationIds, outputFormat }))
    await sendResult(http, req, res, rows, { generationIds, outputFormat })
  }
  router.post('/run/:owner/:app', ...jsonBody(MAX_DIALECT_BODY_BYTES), run)

  router.post('/:owner/:app', ...jsonBody(MAX_DIALECT_BODY_BYTES), async (req, res) => {
    const webhookUrl = parseWebhook(deps, req)
    const { outputFormat, wanted } = await readRequest(deps, req, res, endpointOf(res))
    const submissions = await gateway.submit(req, res, () => wanted)
    const rows = submissions.map(({ generation }) => generation)
    const generationIds = rows.map(({ id }) => id)
    const requestId = formatRequestId({ generationIds, outputFormat })
    if (webhookUrl) {
      // Its rows are about to be made: only then is it known when they have ended.
      if (rows.some(isPresumed)) throw new DatabaseAway()
      const { ownerId = '' } = rows[0] ?? {}
      const wanted = { ownerId, dialect: FAL, url: webhookUrl, requestId, generationIds }
      await deps.wantWebhook(wanted)
    }
    setRequestId(res, requestId)
    const position = Math.max(1, ...submissions.map(({ queuePosition = 1 }) => queuePosition))
    sendUncached(res, {
      status: 'IN_QUEUE',
      request_id: requestId,
      ...describeUrls(http.urlsFor(req), appOf(req), requestId),
      queue_position: position - 1,
    })
  })

  router.get('/:owner/:app/requests/:id', async (req, res) => {
    const { rows, ...request } = await findRequest(http, req, res)
    if (rows.every(hasEnded)) return sendResult(http, req, res, rows, request)
    res.status(400)
    sendUncached(res, { detail: 'Request is still in progress' })
  })

  router.get('/:owner/:app/requests/:id/status', async (req, res) => {
    const { rows } = await findRequest(http, req, res)
    const status = await statusOf(http, req, rows)
    res.status(status.status === 'COMPLETED' ? 200 : 202)
    sendUncached(res, status)
  })

  router.get('/:owner/:app/requests/:id/status/stream', async (req, res) => {
    const { rows } = await findRequest(http, req, res)
    if (req.method === 'HEAD') res.type('text/event-stream').end()
    else await streamStatus(res, rows, (now) => statusOf(http, req, now))
  })

  router.put('/:owner/:app/requests/:id/cancel', async (req, res) => {
    const { rows } = await findRequest(http, req, res)
    // Their rows are about to be made: only then can they be canceled for good.
    if (rows.some(isPresumed)) throw new DatabaseAway()
    const canceled = await Promise.all(rows.map(({ id }) => cancelOne(deps.cancel, id)))
    const isCanceled = canceled.includes(true)
    res.status(isCanceled ? 202 : 400)
    sendUncached(res, { status: isCanceled ? 'CANCELLATION_REQUESTED' : 'ALREADY_COMPLETED' })
  })

  return [
    createJwksRoutes(deps),
    {
      path: QUEUE_PATH,
      access: 'token',
      handler: router,
      presentProblem,
      maxBodyBytes: MAX_DIALECT_BODY_BYTES,
    },
  ]
}

/** For anyone: receivers of webhooks have no key of ours. */
const createJwksRoutes = ({ jwks }: Pick<FalDeps, 'jwks'>): MountedRoutes => {
  const router = Router()
  router.get('/jwks.json', (_req, res) => {
    res.set('Cache-Control', `public, max-age=${JWKS_MAX_AGE_SECONDS}`).json(jwks)
  })
  return { path: `${QUEUE_PATH}/.well-known`, access: 'own', handler: router }
}

const endpointOf = (res: Response): string[] => res.locals.endpoint

const appOf = ({ params: { owner, app } }: Request): string => `${owner}/${app}`

const setRequestId = (res: Response, requestId: string) => res.set('x-fal-request-id', requestId)

const hasEnded = ({ status }: GenerationWithImage): boolean => isTerminal(status)

type FoundRequest = QueuedRequest & { rows: GenerationWithImage[] }

/** The request that the path names. Throws `not_found` for every one alike that the caller may not know of. */
const findRequest = async (
  http: HttpContext,
  req: Request,
  res: Response,
): Promise<FoundRequest> => {
  const request = parseRequestId(String(req.params.id))
  if (!request) throw new AppError('not_found', 'There is no request with this id.')
  const rows = await Promise.all(request.generationIds.map((id) => http.getOwn(id, res)))
  setRequestId(res, formatRequestId(request))
  return { ...request, rows }
}

const statusOf = async (
  http: HttpContext,
  req: Request,
  rows: readonly GenerationWithImage[],
): Promise<FalStatus> => {
  const reader = http.readerOf(req)
  const requestId = String(req.params.id)
  const isWaiting = rows.every(({ status }) => status === 'queued')
  const positions = isWaiting
    ? await Promise.all(
        rows.map(async (row) => (await http.answerReader(reader, row)).queuePosition),
      )
    : []
  return describeStatus(rows, {
    requestId,
    urls: describeUrls(reader.urls, appOf(req), requestId),
    showsLogs: req.query.logs === '1' || req.query.logs === 'true',
    positions: positions.flatMap((position) => (position === undefined ? [] : [position - 1])),
  })
}

/** The pictures that were made, or why there is none. */
const sendResult = async (
  http: HttpContext,
  req: Request,
  res: Response,
  rows: readonly GenerationWithImage[],
  { outputFormat }: QueuedRequest,
): Promise<void> => {
  const succeeded = rows.filter(({ status }) => status === 'succeeded')
  const [first] = rows
  if (first && succeeded.length === 0) {
    const { status, body } = describeFailure(first)
    res.status(status)
    return sendUncached(res, body)
  }
  const urls = http.urlsFor(req)
  sendUncached(res, await describeOutput(http.db, succeeded, { urls, outputFormat }))
}

/** False where it has ended already. */
const cancelOne = async (deps: CancelDeps, id: string): Promise<boolean> => {
  try {
    await cancelGeneration(deps, id)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'already_finished') return false
    throw error
  }
}

const parseWebhook = (
  { parseWebhookUrl }: Pick<FalDeps, 'parseWebhookUrl'>,
  { query }: Request,
): string | undefined => {
  const url = query.fal_webhook
  if (url === undefined || url === '') return undefined
  try {
    return parseWebhookUrl(String(url))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new AppError(error.code, error.message, { pointer: '?fal_webhook', cause: error })
  }
}

/** How long the caller is ready to wait. Undefined where it does not say. */
const parseTimeoutMs = (req: Request): number | undefined => {
  const header = req.get(TIMEOUT_HEADER)
  if (header === undefined) return undefined
  const seconds = Number(header)
  if (seconds > 0 && Number.isFinite(seconds)) return Math.ceil(seconds * 1_000)
  throw new AppError('invalid_request', 'must be a number of seconds', {
    pointer: TIMEOUT_HEADER,
  })
}
