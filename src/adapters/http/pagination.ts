import type { Request, Response } from 'express'
import type { z } from 'zod'
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../contract/limits.ts'
import type { Urls } from '../../generation/read/present.ts'
import type { PagePosition } from '../../generation/state/repository.ts'
import { AppError } from '../../lib/errors.ts'

export type PageQuery = { limit: number; before: PagePosition | undefined }

/** `?limit` and `?cursor` of a list. Throws `invalid_request`. */
export const parsePageQuery = (req: Request): PageQuery => ({
  limit: parseLimit(req.query.limit),
  before: parseCursor(req.query.cursor),
})

/** A query parameter out of a fixed set of words. */
export const parseQueryWord = <T extends string>(
  req: Request,
  name: string,
  schema: z.ZodEnum<Record<T, T>>,
): T | undefined => {
  const value = req.query[name]
  if (value === undefined) return undefined
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data as T
  throw invalid(`?${name}`, `${name} must be one of: ${schema.options.join(', ')}`)
}

/**
 * Cuts a page out of rows that were asked for with one more than `limit`, and links to the next one
 * (RFC 8288, `rel="next"`).
 */
export const cutPage = <Row>(
  req: Request,
  res: Response,
  urls: Urls,
  rows: Row[],
  limit: number,
  positionOf: (row: Row) => PagePosition,
): { page: Row[]; nextCursor: string | null } => {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  if (rows.length <= limit || !last) return { page, nextCursor: null }
  const nextCursor = formatCursor(positionOf(last))
  const path = `${req.baseUrl}${req.path}`.replace(/\/$/, '')
  linkToNext(req, res, `${urls.base}${path}`, nextCursor)
  return { page, nextCursor }
}

/** How many there are in all, where that was asked for. */
export const presentCount = (counted: { count: number; isCut: boolean } | undefined) =>
  counted && { count: counted.count, isCountCut: counted.isCut }

/** The page after this one, of the list at `url`. */
export const linkToNext = (req: Request, res: Response, url: string, nextCursor: string): void => {
  const query = new URLSearchParams(req.query as Record<string, string>)
  query.set('cursor', nextCursor)
  res.set('Link', `<${url}?${query}>; rel="next"`)
}

export const formatCursor = ({ at, id }: PagePosition): string =>
  Buffer.from(`${at.getTime()} ${id}`).toString('base64url')

export const parseCursor = (cursor: unknown, pointer = '?cursor'): PagePosition | undefined => {
  if (cursor === undefined) return undefined
  const text = Buffer.from(String(cursor), 'base64url').toString()
  const match = /^(\d{1,15}) ([\w.:-]{1,200})$/.exec(text)
  if (!match?.[1] || !match[2]) {
    throw invalid(pointer, 'cursor must be one that an earlier page gave.')
  }
  return { at: new Date(Number(match[1])), id: match[2] }
}

const parseLimit = (limit: unknown): number => {
  if (limit === undefined) return DEFAULT_PAGE_SIZE
  const value = /^\d{1,4}$/.test(String(limit)) ? Number(limit) : 0
  if (value >= 1 && value <= MAX_PAGE_SIZE) return value
  throw invalid('?limit', `limit must be a whole number from 1 to ${MAX_PAGE_SIZE}.`)
}

const invalid = (pointer: string, message: string) =>
  new AppError('invalid_request', message, { pointer })
