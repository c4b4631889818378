import type { ProviderRequest, ProviderResult } from '../../generation/ports.ts'
import type { CallReceipt } from '../../lib/call-receipt.ts'
import { messageOf, ProviderError, type ProviderErrorCode } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'

/* What goes between the thread that calls the model and who asks it to. A call has a number. */

export type CallOrder = { call: number; request: ProviderRequest }
export type ToThread = CallOrder | { call: number; isGivenUp: true }
export type FromThread = { call: number } & ({ result: ProviderResult } | { failure: Failure })

/** An error without its class, which does not come through. */
type Failure = {
  message: string
  cause: string | undefined
  provider?: {
    code: ProviderErrorCode
    retryable: boolean
    costNanoUsd: NanoUsd | undefined
    receipt: CallReceipt | undefined
    retryAfterMs: number | undefined
  }
}

export const toFailure = (error: unknown): Failure => {
  const failure = { message: messageOf(error), cause: describeCause(error) }
  if (!(error instanceof ProviderError)) return failure
  const { code, retryable, costNanoUsd, receipt, retryAfterMs } = error
  return { ...failure, provider: { code, retryable, costNanoUsd, receipt, retryAfterMs } }
}

/** The error that `toFailure` was given: as it was, but for its stack and whatever else caused it than a message. */
export const fromFailure = ({ message, cause, provider }: Failure): Error => {
  if (!provider) return new Error(message, { cause })
  const { code, retryable, costNanoUsd, receipt, retryAfterMs } = provider
  return new ProviderError(code, message, {
    retryable,
    costNanoUsd,
    receipt,
    cause,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

const describeCause = (error: unknown): string | undefined => {
  const cause = error instanceof Error ? error.cause : undefined
  return cause === undefined ? undefined : messageOf(cause)
}
