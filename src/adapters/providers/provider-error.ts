import { outcomeRules } from '../../generation/run/outcomes.ts'
import type { CallReceipt } from '../../lib/call-receipt.ts'
import { ProviderError, type ProviderErrorCode } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'

/** A provider's outcome, retryable as its rule says. */
export const createProviderError = (
  code: ProviderErrorCode,
  message: string,
  options: {
    retryAfterMs?: number | undefined
    costNanoUsd?: NanoUsd | undefined
    receipt?: CallReceipt | undefined
    cause?: unknown
  } = {},
): ProviderError =>
  new ProviderError(code, message, {
    retryable: outcomeRules[code].retryable,
    costNanoUsd: options.costNanoUsd,
    receipt: options.receipt,
    cause: options.cause,
    ...(options.retryAfterMs !== undefined && { retryAfterMs: options.retryAfterMs }),
  })

/** Only what looks like one of the provider's constants is shown, never free text. */
export const safeWord = (text: string): string =>
  /^[\w.[\]-]{1,100}$/.test(text) ? text : 'unknown reason'
