import { once } from 'node:events'
import type { Response } from 'express'
import type { Database } from '../../../../db/database.ts'
import { principalOf } from '../../../adapters/http/auth.ts'
import type { AssertMayAsk } from '../../../adapters/http/caller-policy.ts'
import { type HttpContext, whileConnected } from '../../../adapters/http/http-context.ts'
import type { UpstreamKeys } from '../../../adapters/http/upstream-key.ts'
import type { BilledTo } from '../../../contract/vocabulary.ts'
import type { BudgetSettings } from '../../../generation/state/spending-limits.ts'
import { AppError } from '../../../lib/errors.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { NanoUsd } from '../../../lib/money.ts'
import { hungUp, stopping } from '../ask.ts'
import { type CallEnd, recordCall, settleCall } from '../calls.ts'
import type { Gateway } from '../gateway.ts'
import type { GeminiBody } from './canonical-body.ts'
import { estimateCall, sizeOf } from './estimate-call.ts'
import type { Upstream, UpstreamRequest } from './upstream.ts'
import { watchUsage } from './watch-usage.ts'

export type PassThroughDeps = {
  db: Database
  budgets: BudgetSettings
  assertMayAsk: AssertMayAsk
  upstreamKeys: Pick<UpstreamKeys, 'payerOf' | 'payerOfFree'>
  holdPlace: Gateway['holdPlace']
  logger: Logger
}

/** What is handed on: `body` is what the caller sent, as we read it. */
export type PaidCall = {
  model: string
  method: string
  request: UpstreamRequest
  body: GeminiBody
  hasImages: boolean
}

type Http = Pick<HttpContext, 'shutdown'>

/**
 * Hands requests on as they came, with the server's key, and their answers back as they come. A call that may cost something is in the
 * books, at that, before it is sent, and settled by the provider's own count. It ends when its caller hangs up. With a key of the
 * caller's own it costs this server nothing, and what the provider says of that key is the caller's to read.
 */
export const createPassThrough = (
  http: Http,
  { db, budgets, assertMayAsk, upstreamKeys, holdPlace, logger }: PassThroughDeps,
  upstream: Upstream,
) => {
  /** Throws `budget_exceeded`, `spending_paused`, `refused_by_policy`, what `PayerOf` does, and what keeps the provider from answering. */
  const passPaid = async (res: Response, call: PaidCall): Promise<void> => {
    const { model, method, body } = call
    const principal = principalOf(res)
    const { keyId, upstreamKey: apiKey } = upstreamKeys.payerOf(res.req, res)
    holdPlace(res)
    assertMayAsk(principal, { model, imageSize: sizeOf(body), lane: null })
    const heldNanoUsd = estimateCall(upstream, model, body, call.hasImages)
    const billedTo: BilledTo = apiKey === undefined ? 'server' : 'caller'
    const payer = { ownerId: principal.ownerId, keyId, billedTo }
    const id = await recordCall(db, { ...payer, model, method, heldNanoUsd }, budgets)
    const settle = (end: CallEnd): Promise<void> =>
      settleCall(db, id, end).catch((err: unknown) =>
        logger.warn(
          { callId: id, err },
          'what a call cost is not written down: it stays at what it may have cost',
        ),
      )
    const usage = watchUsage()
    const outcome = await pass(res, { ...call.request, apiKey }, usage.see)
    await settle(toEnd(call, heldNanoUsd, outcome, usage.find()))
    finish(res, outcome)
  }

  const passFree = async (res: Response, request: UpstreamRequest): Promise<void> => {
    const { upstreamKey: apiKey } = upstreamKeys.payerOfFree(res.req, res)
    holdPlace(res)
    finish(res, await pass(res, { ...request, apiKey }, () => {}))
  }

  const toEnd = (
    { model, body }: PaidCall,
    heldNanoUsd: NanoUsd,
    { kind, status }: Outcome,
    usage: unknown,
  ): CallEnd => {
    if (kind === 'refused') return { ...FREE, status }
    const counted = usage === undefined ? undefined : upstream.costOf(model, sizeOf(body), usage)
    const { isGuess } = upstream.price(model, { input: 0, output: 0 })
    const isEstimate = isGuess || kind !== 'whole' || counted === undefined
    return { status, costNanoUsd: counted ?? heldNanoUsd, isEstimate, mayHaveCharged: true, usage }
  }

  const pass = async (
    res: Response,
    request: UpstreamRequest,
    see: (chunk: Uint8Array) => void,
  ): Promise<Outcome> => {
    const signal = whileConnected(http, res)
    let status: number | null = null
    try {
      const answer = await upstream.send(request, signal)
      status = answer.status
      if (!answer.ok) return await refuse(res, answer, request.apiKey !== undefined)
      await relay(res, answer, see, signal)
      return { kind: 'whole', status }
    } catch (error) {
      if (signal.aborted)
        return { kind: 'cut', status, error: http.shutdown.aborted ? stopping() : hungUp() }
      if (status === null && isNeverSent(error)) {
        return { kind: 'refused', status, error: unreachable(error) }
      }
      return { kind: 'cut', status, error: broken(error) }
    }
  }
  return { passPaid, passFree }
}

/** `refused`: the provider did nothing for it, and charges nothing. `cut`: it may have done some. */
type Outcome = {
  kind: 'whole' | 'refused' | 'cut'
  /** The provider's; null where it gave none. */
  status: number | null
  /** What the caller is told where it was told nothing yet. */
  error?: unknown
}

const FREE = { costNanoUsd: 0, isEstimate: false, mayHaveCharged: false, usage: undefined }

const relay = async (
  res: Response,
  answer: globalThis.Response,
  see: (chunk: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> => {
  res.status(answer.status).set({ 'Cache-Control': 'no-store', 'Imageonce-Reuse': 'none' })
  res.setHeader('Content-Type', typeOf(answer))
  for await (const chunk of answer.body ?? []) {
    see(chunk)
    if (!res.write(chunk)) await once(res, 'drain', { signal })
  }
}

/** Nothing that a browser would show comes from our address. */
const typeOf = ({ headers }: globalThis.Response): string => {
  const type = headers.get('content-type') ?? ''
  return /^(application\/json|text\/event-stream)\b/i.test(type) ? type : 'application/json'
}

/** Sends the provider's refusal as it is, but for one of this server's own key: that is no fault of the caller's. */
const refuse = async (
  res: Response,
  answer: globalThis.Response,
  isCallersKey: boolean,
): Promise<Outcome> => {
  const { status } = answer
  const text = await answer.text()
  const isOfKey = status === 401 || status === 403 || /API_KEY_INVALID|API key/i.test(text)
  if (isOfKey && !isCallersKey) return { kind: 'refused', status, error: keyRefused(status) }
  if (status < 400) return { kind: 'refused', status, error: sentElsewhere(status) }
  const retryAfter = answer.headers.get('retry-after')
  if (retryAfter) res.setHeader('Retry-After', retryAfter)
  res.setHeader('Content-Type', typeOf(answer))
  res.status(status).write(text)
  return { kind: 'refused', status }
}

/** Ends the answer, once the call is in the books; throws what is to be told in its place. */
const finish = (res: Response, { error }: Outcome): void => {
  if (error === undefined) res.end()
  else throw error
}

/** Of a connection that never came about (Node.js documentation, "Errors"; undici). */
const NEVER_SENT = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]

const isNeverSent = (error: unknown): boolean => {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined
  return NEVER_SENT.includes(String(cause?.code))
}

const RETRY_AFTER_MS = 5_000

const unreachable = (cause: unknown) =>
  new AppError('overloaded', 'The provider could not be reached.', {
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
    cause,
  })

const broken = (cause: unknown) =>
  new AppError('ambiguous', 'The connection to the provider broke before its answer was whole.', {
    cause,
  })

const keyRefused = (status: number) =>
  new AppError('unauthorized', `The provider refused this server's own key (${status}).`)

const sentElsewhere = (status: number) =>
  new AppError(
    'unauthorized',
    `The provider sends this server elsewhere (${status}), where its key does not go.`,
  )
