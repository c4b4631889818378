import type { Request, Response } from 'express'
import type { Database } from '../../../db/database.ts'
import type { Generation } from '../../contract/generation.ts'
import { waitForTerminal } from '../../generation/read/follow.ts'
import type { AnswerContext, Urls } from '../../generation/read/present.ts'
import type { Watcher } from '../../generation/read/watch.ts'
import { findGeneration, type GenerationWithImage } from '../../generation/state/repository.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Places } from '../../lib/places.ts'

/** What every route needs; what only some need is handed to those when they are made. */
export type HttpContext = {
  db: Database
  /** Tells of what changes in Postgres: all streams and waits of the process share it. */
  watcher: Watcher
  logger: Logger
  /** URLs under the public address, or under the one the caller used. */
  urlsFor: (req: Request) => Urls
  /** A generation by its id. Throws `not_found` unless it is the caller's, or the caller an operator. */
  getOwn: (id: string, res: Response) => Promise<GenerationWithImage>
  /** The one that the path names. */
  getOwnGeneration: (req: Request, res: Response) => Promise<GenerationWithImage>
  /** The generation as this caller reads it. */
  answerGeneration: AnswerGeneration
  /** What its answer to this caller depends on, and the answer to all who are alike in that. */
  readerOf: (req: Request) => Reader
  answerReader: AnswerReader
  /** The longest that a request is held open; a longer wish is lowered to it. */
  maxWaitSeconds: number
  /** What streams and waits take while they are open. */
  places: Places
  /** Aborted when the server is stopping: streams end, waits answer with what there is. */
  shutdown: AbortSignal
}

/** What is known of an answer besides its row. */
export type Known = Pick<AnswerContext, 'reuse' | 'queuePosition' | 'outputFormat'>

export type AnswerGeneration = (
  req: Request,
  row: GenerationWithImage,
  known?: Known,
) => Promise<Generation>

/** What the answer to a caller depends on besides the generation: those who are alike get the same. */
export type Reader = {
  urls: Urls
  /** For an operator, who sees more than one owner's. */
  showsOwner: boolean
  /** For who may follow what it reads: it is told a URL of the events that others may read, too. */
  signsEvents: boolean
  /** False for who may see this one generation and none of the others that its answer could name. */
  showsOthers: boolean
}

export type AnswerReader = (
  reader: Reader,
  row: GenerationWithImage,
  known?: Known,
) => Promise<Generation>

/**
 * The generation once it has ended, or as it is after `seconds`; as it is known where Postgres does not tell, and at once where its
 * owner has as many waits and streams open as may be: a wait is a wish, and what is known is an answer.
 */
export const waitInPlace = async (
  http: Waiting & Pick<HttpContext, 'db'>,
  res: Response,
  known: GenerationWithImage,
  seconds: number,
): Promise<GenerationWithImage> => {
  const ended = await waitForEnd(http, res, known, { who: known.ownerId, seconds })
  if (ended || res.closed) return ended ?? known
  // What is no event may have changed all the same: who wants it, when it is tried again.
  return (await findGeneration(http.db, known.id).catch(() => undefined)) ?? known
}

type Waiting = Pick<HttpContext, 'watcher' | 'places' | 'shutdown'>

/** The generation once it has ended; undefined where it has not, or may not be waited for in the name of `who`. */
export const waitForEnd = async (
  http: Waiting,
  res: Response,
  known: GenerationWithImage,
  { who, seconds }: { who: string; seconds: number },
): Promise<GenerationWithImage | undefined> => {
  let leave: () => void
  try {
    leave = http.places.take(who)
  } catch {
    return undefined
  }
  try {
    const limits = { timeoutMs: seconds * 1_000, signal: whileConnected(http, res) }
    return await waitForTerminal(http.watcher, known, limits)
  } finally {
    leave()
  }
}

/**
 * Aborts when the caller hangs up or the server stops. (Not by `AbortSignal.any`: in Node 20 a signal made of
 * such a signal may be collected before it hears.)
 */
export const whileConnected = (
  { shutdown }: Pick<HttpContext, 'shutdown'>,
  res: Response,
): AbortSignal => {
  const controller = new AbortController()
  const { socket } = res.req
  const end = () => {
    shutdown.removeEventListener('abort', end)
    socket.removeListener('close', end)
    controller.abort()
  }
  shutdown.addEventListener('abort', end)
  res.once('close', end)
  // An answer that waits behind an earlier one on its connection does not learn that this has closed.
  socket.once('close', end)
  if (shutdown.aborted || res.closed || socket.destroyed) end()
  return controller.signal
}
