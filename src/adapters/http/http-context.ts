import type { Request, RequestHandler, Response } from 'express'
import type { Logger } from 'pino'
import type { Generation, Reuse } from '../../contract/generation.ts'
import { isGenerationId } from '../../contract/identity.ts'
import type { ServerInfo } from '../../contract/server-info.ts'
import type { LaneStatus, ServerStatus, WorkerStatus } from '../../contract/server-status.ts'
import type { Setting } from '../../contract/setting.ts'
import type { TelemetryEvent, TelemetryReceipt } from '../../contract/telemetry.ts'
import type { ImageSize } from '../../contract/vocabulary.ts'
import type { AlertRule } from '../../features/alerts/rules.ts'
import type { HookSecret } from '../../features/saved-items/hook-signature.ts'
import type { HookTiming } from '../../features/saved-items/save-by-hook.ts'
import type { FeedbackDeps } from '../../features/similarity/feedback.ts'
import type { SimilaritySettings } from '../../features/similarity/report.ts'
import type { EncodedImage, ImageStore, QueuedJob } from '../../generation/ports.ts'
import type { FollowDeps } from '../../generation/read/follow.ts'
import { type AnswerContext, presentGeneration } from '../../generation/read/present.ts'
import type { Suggested } from '../../generation/read/suggestions.ts'
import {
  countQueuePosition,
  findGeneration,
  type GenerationWithImage,
} from '../../generation/state/repository.ts'
import {
  isPresumed,
  type ParkedRequest,
  presumeRow,
} from '../../generation/submit/deferred-submission.ts'
import type { SubmitDeps } from '../../generation/submit/submit.ts'
import type { UploadDeps } from '../../generation/submit/uploads.ts'
import { AppError } from '../../lib/errors.ts'
import type { FindThumbnail } from '../images/thumbnails.ts'
import type { Authenticate, Principal } from './auth.ts'
import { createUrls, type ImageSigner } from './image-urls.ts'
import type { MetricsAccess, ReadMetrics } from './metrics.ts'
import type { EndRequest, StartTrace } from './request-log.ts'
import type { Identify, Sessions } from './sessions.ts'
import type { WebPages } from './web-pages.ts'

type HttpMetrics = {
  startRequest: () => EndRequest
  openStream: () => () => void
}

/** Everything that the routes work with. */
export type HttpContext = FollowDeps & {
  logger: Logger
  info: ServerInfo
  publicUrl: string | undefined
  web: WebPages
  queueBoard: RequestHandler
  findOpenApi: () => Promise<object>
  /** Whose pages may call; `*` for everyone's. */
  corsOrigins: readonly string[]
  interactiveDeadlineMs: number
  authenticate: Authenticate
  sessions: Sessions
  identify: Identify
  signer: ImageSigner
  submit: SubmitDeps
  uploads: UploadDeps
  store: ImageStore
  removeJob: (generationId: string) => Promise<void>
  enqueueAll: (jobs: QueuedJob[]) => Promise<void>
  /** The request that waits in the queue for Postgres, if it does. */
  findParked: (generationId: string) => Promise<ParkedRequest | undefined>
  placeholder: (
    kind: 'pending' | 'failed',
    ratio?: { width: number; height: number },
  ) => Promise<EncodedImage>
  listPriceUsd: (model: string, imageSize: ImageSize) => number
  /** Each part that a ready server needs, by name; rejects when it does not answer. */
  readinessChecks: Record<string, () => Promise<unknown>>
  /** Told of requests and streams as they begin; what each call gives back is called at the end. */
  metrics: HttpMetrics
  /** Begins a request's span, where there are traces. */
  startTrace: StartTrace | undefined
  readMetrics: ReadMetrics
  metricsAccess: MetricsAccess
  /** The similar images that a generation names. */
  findSuggested: (row: GenerationWithImage) => Promise<Suggested[]>
  /** Told of every answer that cost nothing. */
  onReuse: (generation: GenerationWithImage, reuse: Reuse | undefined) => void
  /** Keeps what a browser reports, each event once. Throws `rate_limited`. */
  recordClientEvents: (
    ownerId: string,
    events: readonly TelemetryEvent[],
  ) => Promise<TelemetryReceipt>
  /** Whose hooks are taken, and how long edits are waited for. */
  hooks: HookTiming & { secrets: readonly HookSecret[] }
  /** The URL of a webhook endpoint as it is kept. Throws `invalid_request`. */
  parseWebhookUrl: (url: string) => string
  /** What only operators may ask for. */
  operators: {
    settings: readonly Setting[]
    parts: Pick<ServerStatus, 'database' | 'queue'>
    findWorkers: () => Promise<WorkerStatus[]>
    measureQueue: () => Promise<LaneStatus[]>
  }
  alerts: { rules: readonly AlertRule[]; intervalMs: number }
  similarity: { settings: SimilaritySettings; feedback: FeedbackDeps }
  findThumbnail: FindThumbnail
  /** Told of an object that the store says it has not; never rejects. */
  onImageMissing: (objectKey: string) => Promise<void>
  /** Aborted when the server is stopping: streams end, waits answer with what there is. */
  shutdown: AbortSignal
}

export const principalOf = (res: Response): Principal => res.locals.principal

/**
 * The generation, if the caller may know of it; presumed from its job while only the queue has it. Throws `not_found` for every
 * other one alike, and `unavailable` when neither store tells.
 */
export const getOwnGeneration = async (
  context: HttpContext,
  req: Request,
  res: Response,
): Promise<GenerationWithImage> => {
  const id = String(req.params.id)
  res.locals.generationId = id
  const { ownerId, isAdmin } = principalOf(res)
  const generation = isGenerationId(id) ? await findKnown(context, id) : undefined
  if (generation && (generation.ownerId === ownerId || isAdmin)) return generation
  throw new AppError('not_found', 'There is no generation with this id.')
}

const findKnown = async (
  { db, findParked }: HttpContext,
  id: string,
): Promise<GenerationWithImage | undefined> => {
  const read = findGeneration(db, id)
  const row = await read.catch(() => undefined)
  if (row) return row
  const parked = await findParked(id).catch(() => undefined)
  return parked ? presumeRow(parked) : read
}

/** The generation as this caller reads it, with its place in the queue while it has one. */
export const answerGeneration = async (
  context: HttpContext,
  req: Request,
  row: GenerationWithImage,
  known: Pick<AnswerContext, 'reuse' | 'queuePosition'> = {},
): Promise<Generation> => {
  const { db, signer, publicUrl, listPriceUsd, interactiveDeadlineMs } = context
  const urls = createUrls(signer, publicUrl, req)
  const count = () => countQueuePosition(db, row).catch(() => undefined)
  const position = async () => known.queuePosition ?? (await count())
  const suggested = row.suggestions?.length ? await context.findSuggested(row).catch(() => []) : []
  const hasPlace = row.status === 'queued' && !isPresumed(row)
  const queuePosition = hasPlace ? await position() : undefined
  return presentGeneration(row, {
    urls,
    listPriceUsd,
    interactiveDeadlineMs,
    reuse: known.reuse,
    queuePosition,
    suggested,
    showsOwner: req.res !== undefined && principalOf(req.res)?.isAdmin === true,
  })
}

/**
 * Aborts when the caller hangs up or the server stops. (Not by `AbortSignal.any`: in Node 20 a signal made of
 * such a signal may be collected before it hears.)
 */
export const whileConnected = ({ shutdown }: HttpContext, res: Response): AbortSignal => {
  const controller = new AbortController()
  const { socket } = res.req
  const end = () => {
    shutdown.removeEventListener('abort', end)
    socket.removeListener('close', end)
    controller.abort()
  }
  shutdown.addEventListener('abort', end)
  res.once('close', end)
  // An answer that waits behind an earlier one on its connection is not told that this has closed.
  socket.once('close', end)
  if (shutdown.aborted || res.closed || socket.destroyed) end()
  return controller.signal
}
