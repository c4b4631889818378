import type { Request, Response } from 'express'
import type { Generation, Submitted } from '../../contract/generation.ts'
import { isTerminal } from '../../contract/vocabulary.ts'
import { type AnswerContext, presentGeneration } from '../../generation/read/present.ts'
import type { Suggested } from '../../generation/read/suggestions.ts'
import { type GenerationWithImage, isPresumed } from '../../generation/state/repository.ts'
import { type Principal, principalOf } from './auth.ts'
import type { AnswerGeneration, AnswerReader, HttpContext, Known, Reader } from './http-context.ts'
import { sendJson } from './json.ts'

type Deps = Pick<AnswerContext, 'listPriceUsd' | 'interactiveDeadlineMs'> &
  Pick<HttpContext, 'urlsFor'> & {
    /** How many generations the workers will take before a queued one, plus one. */
    countPosition: (row: GenerationWithImage) => Promise<number>
    /** The similar images that a generation names. */
    findSuggested: (row: GenerationWithImage) => Promise<Suggested[]>
  }

/** How often a caller should look again at what may finish at any moment. */
const RETRY_AFTER_SECONDS = 2

/** Batches take hours, and some only minutes. */
const BATCH_RETRY_MS = 120_000

/**
 * Presents a generation to its caller, with its place in the queue while it has one. What Postgres does not tell in time is
 * left out: the answer is about the row, which is at hand.
 */
export const createAnswers = (
  deps: Deps,
): {
  readerOf: (req: Request) => Reader
  answerReader: AnswerReader
  answerGeneration: AnswerGeneration
} => {
  const { countPosition, urlsFor, listPriceUsd, interactiveDeadlineMs, findSuggested } = deps

  const answerReader: AnswerReader = async (reader, row, known = {}) => {
    const { urls, showsOwner, signsEvents, showsOthers } = reader
    const hasPlace = row.status === 'queued' && !isPresumed(row)
    const countPlace = () => countPosition(row).catch(() => undefined)
    const hasOthers = showsOthers && row.suggestions?.length
    const suggested = hasOthers ? await findSuggested(row).catch(() => []) : []
    return presentGeneration(row, {
      urls,
      listPriceUsd,
      interactiveDeadlineMs,
      reuse: known.reuse,
      outputFormat: known.outputFormat,
      queuePosition: hasPlace ? (known.queuePosition ?? (await countPlace())) : undefined,
      suggested,
      showsOwner,
      signsEvents,
      hidesOthers: !showsOthers,
    })
  }
  const readerOf = (req: Request): Reader => {
    const principal = req.res && principalOf(req.res)
    return {
      urls: urlsFor(req),
      showsOwner: principal?.isAdmin === true,
      signsEvents: principal !== undefined && mayFollow(principal),
      showsOthers: true,
    }
  }
  const answerGeneration: AnswerGeneration = (req, row, known) =>
    answerReader(readerOf(req), row, known)
  return { readerOf, answerReader, answerGeneration }
}

/** By what a key needs for a generation's events. */
const mayFollow = ({ key, isAdmin }: Principal): boolean =>
  isAdmin || !key || key.scopes.includes('read')

/** Tells a caller who should look again when to do so: not before the next try of what waits for one. */
export const setRetryAfter = (
  res: Response,
  row: Pick<GenerationWithImage, 'status' | 'runAfter' | 'asOf' | 'batched'>,
) => {
  const { status, runAfter, asOf, batched } = row
  if (isTerminal(status)) return
  const dueMs = status === 'queued' && runAfter ? runAfter.getTime() - asOf.getTime() : 0
  const waitMs = batched && batched.state !== 'gathered' ? BATCH_RETRY_MS : dueMs
  res.set('Retry-After', String(Math.max(RETRY_AFTER_SECONDS, Math.ceil(waitMs / 1_000))))
}

/** A generation that was asked for, and what is known of the asking. */
export type Asked = { row: GenerationWithImage } & Known

/**
 * Answers a submission with what was asked for: 200 once all of it is finished, 202 while it is not. Several are listed in order,
 * beside the first.
 */
export const sendSubmitted = async (
  { answerGeneration }: Pick<HttpContext, 'answerGeneration'>,
  req: Request,
  res: Response,
  { row: first, ...known }: Asked,
  others: readonly Asked[] = [],
): Promise<Generation[]> => {
  res.locals.generationId = first.id
  const generation = await answerGeneration(req, first, known)
  const generations = [generation]
  for (const { row, ...ofOther } of others) {
    generations.push(await answerGeneration(req, row, ofOther))
  }
  const unfinished = [first, ...others.map(({ row }) => row)].find((row) => !isTerminal(row.status))
  res.setHeader('Location', generation.urls.self)
  res.setHeader('Cache-Control', 'no-store')
  setRetryAfter(res, unfinished ?? first)
  res.statusCode = unfinished ? 202 : 200
  const body: Submitted = { ...generation, ...(others.length > 0 && { generations }) }
  sendJson(res, body)
  return generations
}
