import type { Request, Response } from 'express'
import type { Logger } from 'pino'
import type { Generation } from '../contract/generation.ts'
import { isGenerationId } from '../contract/identity.ts'
import type { ServerInfo } from '../contract/server-info.ts'
import type { ImageSize } from '../contract/vocabulary.ts'
import { AppError } from '../errors.ts'
import type { FollowDeps } from '../generation/follow.ts'
import type { EncodedImage, ImageStore } from '../generation/ports.ts'
import { type AnswerContext, presentGeneration } from '../generation/present.ts'
import {
  countQueuePosition,
  findGeneration,
  type GenerationWithImage,
} from '../generation/repository.ts'
import type { SubmitDeps } from '../generation/submit.ts'
import type { UploadDeps } from '../generation/uploads.ts'
import type { Authenticate, Principal } from './auth.ts'
import { createUrls, type ImageSigner } from './image-urls.ts'

/** Everything that the routes work with. */
export type HttpContext = FollowDeps & {
  logger: Logger
  info: ServerInfo
  publicUrl: string | undefined
  interactiveDeadlineMs: number
  authenticate: Authenticate
  signer: ImageSigner
  submit: SubmitDeps
  uploads: UploadDeps
  store: ImageStore
  removeJob: (generationId: string) => Promise<void>
  placeholder: (
    kind: 'pending' | 'failed',
    ratio?: { width: number; height: number },
  ) => Promise<EncodedImage>
  listPriceUsd: (model: string, imageSize: ImageSize) => number
  /** Each part that a ready server needs, by name; rejects when it does not answer. */
  readinessChecks: Record<string, () => Promise<unknown>>
  /** Told of every answer that cost nothing. */
  onReuse: (generation: GenerationWithImage, answer: Generation) => void
  /** Told of an object that the store says it has not; never rejects. */
  onImageMissing: (objectKey: string) => Promise<void>
  /** Aborted when the server is stopping: streams end, waits answer with what there is. */
  shutdown: AbortSignal
}

export const principalOf = (res: Response): Principal => res.locals.principal

/** The generation, if the caller may know of it. Throws `not_found` for every other one alike. */
export const getOwnGeneration = async (
  { db }: HttpContext,
  req: Request,
  res: Response,
): Promise<GenerationWithImage> => {
  const id = String(req.params.id)
  res.locals.generationId = id
  const { ownerId, isAdmin } = principalOf(res)
  const generation = isGenerationId(id) ? await findGeneration(db, id) : undefined
  if (generation && (generation.ownerId === ownerId || isAdmin)) return generation
  throw new AppError('not_found', 'There is no generation with this id.')
}

/** The generation as this caller reads it, with its place in the queue while it has one. */
export const answerGeneration = async (
  context: HttpContext,
  req: Request,
  row: GenerationWithImage,
  known: Pick<AnswerContext, 'reuse' | 'queuePosition'> = {},
): Promise<Generation> => {
  const { db, signer, publicUrl, listPriceUsd } = context
  const urls = createUrls(signer, publicUrl, req)
  const position = async () => known.queuePosition ?? (await countQueuePosition(db, row))
  const queuePosition = row.status === 'queued' ? await position() : undefined
  return presentGeneration(row, { urls, listPriceUsd, reuse: known.reuse, queuePosition })
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
