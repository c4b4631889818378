import type { GenerationRow } from '../../../db/schema.ts'
import { AppError } from '../../lib/errors.ts'

/**
 * What is told of a failure: where a caller's own key was to pay, and the provider refused that key or its quota is used up, this is the
 * caller's to know and nobody else's to mend. Everything else is told as it is.
 */
export const tellOfKey = (
  { upstreamAccount }: Pick<GenerationRow, 'upstreamAccount'>,
  failure: AppError,
): AppError => {
  if (upstreamAccount === null) return failure
  const { code, message, retryAfterMs } = failure
  // In brackets is what the provider called it.
  const why = /\(([^()]*)\)/.exec(message)?.[1]
  const named = why ? ` (${why})` : ''
  if (code === 'unauthorized') {
    return new AppError(
      'upstream_key_refused',
      `The image provider refused the caller's own key${named}.`,
      { cause: failure },
    )
  }
  if (code !== 'rate_limited') return failure
  const wait = retryAfterMs
    ? `, and is to be tried again in ${Math.ceil(retryAfterMs / 1_000)} s`
    : ''
  return new AppError(
    'upstream_key_limited',
    `The quota of the caller's own key is used up for now${named}${wait}.`,
    { retryable: true, cause: failure, ...(retryAfterMs !== undefined && { retryAfterMs }) },
  )
}
