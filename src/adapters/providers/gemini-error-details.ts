import { z } from 'zod'
import { safeWord } from './provider-error.ts'

/** An error as the provider states it, in the status of its answer or in its body. */
export type StatedError = { status: number; message: string; details?: unknown }

/** The parts of google.rpc's error details that are read (RetryInfo, ErrorInfo, QuotaFailure, BadRequest). */
const detailSchema = z.object({
  retryDelay: z.string().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
  violations: z
    .array(z.object({ quotaId: z.string().optional() }))
    .optional()
    .catch(undefined),
  fieldViolations: z
    .array(z.object({ field: z.string().optional() }))
    .optional()
    .catch(undefined),
})
type Detail = z.output<typeof detailSchema>

const MIN_RETRY_AFTER_MS = 1_000

/** From RetryInfo (`'27s'`, `'0.5s'`); at least a second, as Google says `'0s'` too. */
export const findRetryAfterMs = (error: StatedError): number | undefined => {
  const delay = findDetail(error, (detail) => detail.retryDelay)
  const seconds = delay && /^(\d{1,9}(?:\.\d+)?)s$/.exec(delay)?.[1]
  return seconds ? Math.max(MIN_RETRY_AFTER_MS, Math.ceil(Number(seconds) * 1_000)) : undefined
}

/** ErrorInfo's constant, such as `API_KEY_INVALID`. */
export const findReason = (error: StatedError): string | undefined =>
  findWord(error, (detail) => detail.reason)

/** Which quota, such as `GenerateRequestsPerDayPerProjectPerModel`. */
export const findQuota = (error: StatedError): string | undefined =>
  findWord(error, (detail) => detail.violations?.[0]?.quotaId)

/** The path of the field that is wrong, never its value. */
export const findWrongField = (error: StatedError): string | undefined =>
  findWord(error, (detail) => detail.fieldViolations?.[0]?.field)

type Pick = (detail: Detail) => string | undefined

const findWord = (error: StatedError, pick: Pick): string | undefined => {
  const text = findDetail(error, pick)
  return text && safeWord(text)
}

const findDetail = (error: StatedError, pick: Pick): string | undefined => {
  const details = z
    .array(detailSchema.catch({}))
    .catch([])
    .parse(error.details ?? [])
  return details.map(pick).find(Boolean)
}
