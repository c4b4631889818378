import type { CallReceipt } from './call-receipt.ts'
import type { NanoUsd } from './money.ts'

/** What went wrong, as a stable word that callers may switch on. */
export type ErrorCode =
  // the caller's request
  | 'invalid_request'
  | 'malformed_json'
  | 'unauthenticated'
  | 'forbidden'
  | 'refused_by_policy'
  | 'upstream_key_required'
  | 'not_found'
  | 'already_finished'
  | 'in_flight'
  | 'not_retryable'
  | 'idempotency_key_reused'
  | 'unsupported_media_type'
  | 'payload_too_large'
  | 'invalid_image'
  | 'too_many_queued'
  | 'budget_exceeded'
  | 'hook_replayed'
  | 'too_many_webhooks'
  | 'too_much_kept'
  | 'webhook_disabled'
  | 'nothing_to_judge'
  | 'erasure_under_way'
  | 'too_many_exports'
  // the provider's outcomes, `invalid_request` among them (see `generation/run/outcomes.ts` for the rule of each)
  | ProviderErrorCode
  // the service itself
  | 'attempts_exhausted'
  | 'deadline_exceeded'
  | 'worker_lost'
  | 'provider_unavailable'
  | 'spending_paused'
  // what the provider says of a caller's own key
  | 'upstream_key_refused'
  | 'upstream_key_limited'
  | 'condition_image_gone'
  | 'image_deleted'
  | 'image_lost'
  | 'superseded'
  | 'canceled'
  | 'unavailable'
  | 'internal'

export type ProviderErrorCode =
  | 'rate_limited'
  | 'overloaded'
  | 'timeout'
  | 'ambiguous'
  | 'refused_prompt'
  | 'refused_image'
  | 'no_image'
  | 'invalid_request'
  | 'unauthorized'
  | 'model_gone'

export type AppErrorOptions = {
  /** True when the same request may succeed later, unchanged. */
  retryable?: boolean
  /** JSON pointer into the request body, or `?name` of a query parameter, or the name of a header. */
  pointer?: string
  retryAfterMs?: number
  cause?: unknown
}

/** An expected failure. `message` is safe to show to the caller: no secrets, prompts or stack. */
export class AppError extends Error {
  override readonly name: string = 'AppError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly pointer: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.pointer = options.pointer
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Texts could not be made into vectors; nothing depends on it but that similar images are not looked for. */
export class EmbeddingError extends Error {
  override readonly name = 'EmbeddingError'
  /** True where the other end said that it made none: nothing is charged then. */
  readonly isFree: boolean

  constructor(
    message: string,
    { cause, isFree = false }: { cause?: unknown; isFree?: boolean } = {},
  ) {
    super(message, { cause })
    this.isFree = isFree
  }
}

/** A judge said nothing of two prompts; nothing depends on it but that their pictures stay two. */
export class JudgeError extends Error {
  override readonly name = 'JudgeError'
  /** True where nothing is charged: it was refused by the other end, or not sent. */
  readonly isFree: boolean
  /** False where it was not sent, which says nothing of the other end. */
  readonly isOutage: boolean
  /** What it is booked at. */
  readonly costNanoUsd: NanoUsd

  constructor(
    message: string,
    options: { cause?: unknown; isFree?: boolean; isOutage?: boolean; costNanoUsd?: NanoUsd } = {},
  ) {
    super(message, { cause: options.cause })
    this.isFree = options.isFree ?? false
    this.isOutage = options.isOutage ?? true
    this.costNanoUsd = options.costNanoUsd ?? 0
  }
}

/** One outcome of a provider call other than an image. */
export class ProviderError extends AppError {
  override readonly name = 'ProviderError'
  declare readonly code: ProviderErrorCode
  /** What the provider counted for it all the same; undefined when it did not say. */
  readonly costNanoUsd: NanoUsd | undefined
  /** Of a call that was answered. */
  readonly receipt: CallReceipt | undefined

  constructor(
    code: ProviderErrorCode,
    message: string,
    options: AppErrorOptions & {
      costNanoUsd?: NanoUsd | undefined
      receipt?: CallReceipt | undefined
    } = {},
  ) {
    super(code, message, options)
    this.costNanoUsd = options.costNanoUsd
    this.receipt = options.receipt
  }
}

/** Every wrong setting at once, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`Wrong settings:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/** What an operator reads on standard error when a command cannot go on; printed without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

export const isAppError = (error: unknown): error is AppError => error instanceof AppError

export const isProviderError = (error: unknown): error is ProviderError =>
  error instanceof ProviderError

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
