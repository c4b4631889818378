import { z } from 'zod'
import type { CallReceipt } from '../../lib/call-receipt.ts'
import type { ProviderError, ProviderErrorCode } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import { createProviderError, safeWord } from './provider-error.ts'
import { findRetryAfterMs } from './retry-after.ts'

/** An error as servers of this shape state it; some put a text in its place, and gateways a number or the refusal of another one in it. */
const errorSchema = z
  .object({
    message: z.string().catch(''),
    type: z.string().nullish().catch(undefined),
    param: z.string().nullish().catch(undefined),
    code: z.union([z.string(), z.number()]).nullish().catch(undefined),
    moderation_details: z
      .object({ moderation_stage: z.string().nullish().catch(undefined) })
      .nullish()
      .catch(undefined),
    metadata: z.object({ flagged_input: z.unknown().optional() }).nullish().catch(undefined),
  })
  .catch(({ value }) => ({ message: typeof value === 'string' ? value : '' }))
type Stated = z.output<typeof errorSchema>

/** What is known of the call besides. */
type Call = {
  model: string
  headers?: Headers | undefined
  costNanoUsd?: NanoUsd | undefined
  receipt?: CallReceipt | undefined
}

/** How long to wait after a 429 that doesn't say: limits are counted by the minute. */
const DEFAULT_RETRY_AFTER_MS = 30_000
/** Until somebody may have paid in. */
const NO_CREDIT_RETRY_MS = 600_000

/** The outcome behind an answer with another status than 200. `body`: what came with it, read or not. */
export const fromOpenaiStatus = (status: number, body: unknown, call: Call): ProviderError =>
  judge(status, parseStated((body as { error?: unknown } | undefined)?.error), call)

/** The outcome behind an error in an answer with status 200: that of the status which it names. */
export const fromOpenaiAnswer = (error: unknown, call: Call): ProviderError => {
  const stated = parseStated(error)
  const status = /^[45]\d\d$/.test(String(stated.code)) ? Number(stated.code) : 200
  return judge(status, stated, call)
}

const parseStated = (error: unknown): Stated => errorSchema.parse(error)

const judge = (status: number, stated: Stated, call: Call): ProviderError => {
  const { headers, model, costNanoUsd, receipt } = call
  const word = stated.code ?? stated.type
  const why = [status, word ? safeWord(String(word)) : undefined].filter(Boolean).join(', ')
  const fail = (code: ProviderErrorCode, message: string, retryAfterMs?: number) =>
    createProviderError(code, message, { costNanoUsd, receipt, retryAfterMs })
  if (isRefusal(stated)) {
    return stated.moderation_details?.moderation_stage === 'output'
      ? fail('refused_image', `The image model withheld its image (${why}). ${CHANGE}`)
      : fail('refused_prompt', `The image model refused the prompt (${why}). ${CHANGE}`)
  }
  if (status === 429) {
    const waitMs = findRetryAfterMs(headers, stated.message)
    const fallbackMs = isWithoutCredit(stated) ? NO_CREDIT_RETRY_MS : DEFAULT_RETRY_AFTER_MS
    const message = `The image model's quota is used up for now (${why}).`
    return fail('rate_limited', message, waitMs ?? fallbackMs)
  }
  if (status >= 300 && status < 400) {
    const message = `The image provider sends this server elsewhere (${why}), where its key does not go.`
    return fail('overloaded', message)
  }
  if (NOT_TAKEN.has(status)) {
    const waitMs = findRetryAfterMs(headers, stated.message)
    return fail('overloaded', `The image model is overloaded (${why}).`, waitMs)
  }
  if ([401, 402, 403].includes(status) || isWithoutCredit(stated)) {
    return fail('unauthorized', `The image provider refused this server's API key (${why}).`)
  }
  if (status === 404 || stated.code === 'model_not_found') {
    return fail('model_gone', `The image provider has no model ${model} (${why}).`)
  }
  if (isRejection(status)) {
    const where = stated.param ? safeWord(stated.param) : why
    return fail('invalid_request', `The image model rejected the request as invalid (${where}).`)
  }
  return fail('ambiguous', `The image provider failed after it took the request (${why}).`)
}

const CHANGE = 'Change the prompt and try again.'

/** What filters say, OpenAI's and those of servers before it (Azure's `content_filter`, OpenRouter's `flagged_input`). */
const REFUSALS = new Set(['moderation_blocked', 'content_policy_violation', 'content_filter'])

const isRefusal = ({ code, metadata }: Stated): boolean =>
  REFUSALS.has(String(code)) || metadata?.flagged_input !== undefined

const isWithoutCredit = ({ code, type }: Stated): boolean =>
  [code, type].some(
    (word) => word === 'insufficient_quota' || word === 'billing_hard_limit_reached',
  )

/** Said before any work: overloaded, a conflict, and what a CDN says that could not reach the server behind it. */
const NOT_TAKEN = new Set([409, 503, 521, 523, 529])

/** 408 and 499 are a request given up half-way, not one turned away. */
const isRejection = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 499
