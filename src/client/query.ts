import type { CallOptions } from './transport.ts'

export type PageOptions = CallOptions & {
  limit?: number
  /** `nextCursor` of the page before. */
  cursor?: string | null | undefined
}

/** The parameters that are given, as a query. */
export const toQuery = (parameters: Record<string, string | number | null | undefined>): string => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null) query.set(name, String(value))
  }
  return `?${query}`
}
