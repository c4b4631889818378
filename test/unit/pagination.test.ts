import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { z } from 'zod'
import {
  cutPage,
  formatCursor,
  parseCursor,
  parsePageQuery,
  parseQueryWord,
} from '../../src/adapters/http/pagination.ts'
import { parseQuery } from '../../src/adapters/http/parse-request.ts'
import type { Urls } from '../../src/generation/read/present.ts'
import { createRequest, createResponse } from '../support/http-doubles.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64url')
const ID = `g_${'f'.repeat(40)}`

describe('a cursor', () => {
  test('gives back the very position it was made of', () => {
    const ids = fc.stringMatching(/^[\w.:-]{1,200}$/)
    fc.assert(
      fc.property(ids, fc.integer({ min: 0, max: 8_640_000_000_000 }), (id, ms) => {
        const position = { at: new Date(ms), id }
        expect(parseCursor(formatCursor(position))).toEqual(position)
      }),
    )
  })

  test.each([
    ['nothing', ''],
    ['garbage', 'garbage'],
    ['a NUL', '\u0000'],
    ['a position without an id', base64('1')],
    ['a position whose id breaks out', base64("1 g_'")],
    ['a time that is no number', base64(`x ${ID}`)],
    ['a time before all', base64(`-1 ${ID}`)],
    ['a time of too many digits', base64(`${'9'.repeat(16)} ${ID}`)],
    ['an id that is endless', base64(`1 ${'a'.repeat(201)}`)],
    ['two of them', [base64(`1 ${ID}`), base64(`1 ${ID}`)]],
  ])('of %s is refused', (_name, cursor) => {
    expect(() => parseCursor(cursor)).toThrow(
      expect.objectContaining({ code: 'invalid_request', pointer: '?cursor' }),
    )
  })

  test('of a far future is a position like any other', () => {
    expect(parseCursor(base64(`999999999999999 ${ID}`))?.id).toBe(ID)
  })
})

describe('a limit', () => {
  test.each([
    [undefined, 20],
    ['1', 1],
    ['100', 100],
  ])('of %s is %i', (limit, rows) => {
    expect(parsePageQuery(createRequest({ query: { limit } }))).toEqual({
      limit: rows,
      before: undefined,
    })
  })

  test.each(['0', '101', '-5', 'ten', '1e1', '1.5', '', '00001', ['1', '2']])(
    'of %j is refused',
    (limit) => {
      expect(() => parsePageQuery(createRequest({ query: { limit } }))).toThrow(
        expect.objectContaining({ code: 'invalid_request', pointer: '?limit' }),
      )
    },
  )
})

describe('a page', () => {
  const urls = { base: 'https://images.example' } as Urls
  const at = new Date(1_000)
  const cut = (rows: string[], limit: number) => {
    const { response, answer } = createResponse()
    const req = createRequest({ query: { status: 'failed', cursor: 'old' } })
    return { ...cutPage(req, response, urls, rows, limit, (id) => ({ at, id })), answer }
  }

  test.each([
    { rows: [], limit: 2, page: [], next: undefined },
    { rows: ['a'], limit: 2, page: ['a'], next: undefined },
    { rows: ['a', 'b'], limit: 2, page: ['a', 'b'], next: undefined },
    { rows: ['a', 'b', 'c'], limit: 2, page: ['a', 'b'], next: 'b' },
  ])('of $rows, at most $limit, goes on after $next', ({ rows, limit, page, next }) => {
    const found = cut(rows, limit)
    const cursor = next ? formatCursor({ at, id: next }) : null
    expect(found).toMatchObject({ page, nextCursor: cursor })
    expect(found.answer.headers.link).toBe(
      next && `<https://images.example/api/things?status=failed&cursor=${cursor}>; rel="next"`,
    )
  })
})

describe('a word of a query', () => {
  const words = z.enum(['queued', 'running'])
  const read = (status: unknown) =>
    parseQueryWord(createRequest({ query: { status } }), 'status', words)

  test('is one of its set, or absent', () => {
    expect([read(undefined), read('queued')]).toEqual([undefined, 'queued'])
  })

  test.each(['done', '', ['queued', 'running']])('%j is refused', (status) => {
    const expected = { code: 'invalid_request', pointer: '?status' }
    expect(() => read(status)).toThrow(expect.objectContaining(expected))
    const asSchema = () =>
      parseQuery(createRequest({ query: { status } }), z.object({ status: words.optional() }))
    expect(asSchema).toThrow(expect.objectContaining(expected))
  })
})
