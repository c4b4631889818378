const MIN_RETRY_AFTER_MS = 1_000

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000 }

/**
 * When to come again, in milliseconds from now and at least a second: by `retry-after-ms` or `retry-after` (RFC 9110, seconds or a date), else
 * by the message, as in "Please try again in 12s". Undefined where nothing says so.
 */
export const findRetryAfterMs = (
  headers: Headers | undefined,
  message: string,
): number | undefined => {
  const waitMs = readMs(headers?.get('retry-after-ms'), 1) ?? readHeader(headers) ?? read(message)
  return waitMs === undefined ? undefined : Math.max(MIN_RETRY_AFTER_MS, Math.ceil(waitMs))
}

const readHeader = (headers: Headers | undefined): number | undefined => {
  const text = headers?.get('retry-after')
  const at = text && /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN
  return readMs(text, 1_000) ?? (Number.isNaN(at) ? undefined : at - Date.now())
}

const read = (message: string): number | undefined => {
  const [, count, unit = ''] = /\btry again in (\d{1,9}(?:\.\d+)?) ?(ms|s|m)\b/i.exec(message) ?? []
  return readMs(count, UNIT_MS[unit.toLowerCase()] ?? 0)
}

const readMs = (text: string | null | undefined, unitMs: number): number | undefined =>
  text && /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) * unitMs : undefined
