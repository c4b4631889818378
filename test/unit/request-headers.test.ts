import { describe, expect, test } from '@jest/globals'
import { matches, sendWithETag } from '../../src/adapters/http/json.ts'
import { mayReadMetrics } from '../../src/adapters/http/metrics.ts'
import {
  parseIdempotencyKey,
  parsePreferWait,
  parseQueryWait,
  setPreferenceApplied,
} from '../../src/adapters/http/parse-request.ts'
import { parseThumbnailQuery } from '../../src/adapters/http/thumbnail-query.ts'
import { createRequest, createResponse } from '../support/http-doubles.ts'

const refused = (pointer: string) => expect.objectContaining({ code: 'invalid_request', pointer })

describe('Prefer', () => {
  const read = (prefer: string | undefined) =>
    parsePreferWait(createRequest({ headers: { Prefer: prefer } }), 50)

  test.each([
    [undefined, undefined],
    ['respond-async', undefined],
    ['handling=lenient; waits=7', undefined],
    ['wait=0', 0],
    ['wait=20', 20],
    ['Wait = "20"', 20],
    ['respond-async, wait=1', 1],
    ['respond-async; wait=1', 1],
    ['wait=100000', 50],
    ['wait', 50],
    ['wait=""', 50],
    ['respond-async, Wait', 50],
  ])('%s is a wait of %s seconds', (prefer, seconds) => {
    expect(read(prefer)).toBe(seconds)
  })

  test.each([
    'wait=',
    'wait=soon',
    'wait=-1',
    'wait=1.5',
    'wait=1e3',
    'wait=9999999999',
    'respond-async, wait=x',
  ])('%s is refused', (prefer) => {
    expect(() => read(prefer)).toThrow(refused('Prefer'))
  })

  test('that was heeded is said to be', () => {
    const { response, answer } = createResponse()
    setPreferenceApplied(response, undefined)
    expect(answer.headers).toEqual({})
    setPreferenceApplied(response, 0)
    expect(answer.headers['preference-applied']).toBe('wait=0')
  })

  test('in a query is refused alike', () => {
    const readQuery = (wait: unknown) => parseQueryWait(createRequest({ query: { wait } }), 50)
    expect([readQuery(undefined), readQuery('5'), readQuery('600')]).toEqual([0, 5, 50])
    for (const wait of ['soon', '-1', '', ['1', '2']]) {
      expect(() => readQuery(wait)).toThrow(refused('?wait'))
    }
  })
})

describe('Idempotency-Key', () => {
  const read = (key: string | undefined) =>
    parseIdempotencyKey(createRequest({ headers: { 'Idempotency-Key': key } }))

  test.each([
    [undefined, undefined],
    ['k', 'k'],
    ['"k"', 'k'],
    ['"k', '"k'],
    ['k'.repeat(255), 'k'.repeat(255)],
  ])('%s is the key %s', (header, key) => {
    expect(read(header)).toBe(key)
  })

  test.each(['', '""', 'two words', 'k'.repeat(256), 'schl\u00fcssel', 'a\u0000'])(
    '%j is refused',
    (key) => {
      expect(() => read(key)).toThrow(refused('Idempotency-Key'))
    },
  )
})

describe('If-None-Match', () => {
  test.each([
    [undefined, false],
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ['*', true],
    ['"b"', false],
    ['a', false],
    ['', false],
  ])('%s matches "a": %s', (header, isMatch) => {
    expect(matches(header, '"a"')).toBe(isMatch)
  })

  test('of a body that has changed is another', () => {
    const ask = (body: object, tag?: string) => {
      const { response, answer } = createResponse()
      sendWithETag(createRequest({ headers: { 'If-None-Match': tag } }), response, body)
      return answer
    }
    const first = ask({ status: 'queued' })
    expect(first).toMatchObject({ status: 200, body: '{"status":"queued"}' })
    expect(first.headers['cache-control']).toBe('private, no-cache')
    const { etag } = first.headers
    expect(ask({ status: 'queued' }, etag)).toMatchObject({ status: 304, body: '' })
    expect(ask({ status: 'running' }, etag)).toMatchObject({ status: 200 })
  })
})

describe('a thumbnail', () => {
  const read = (w: unknown, format?: unknown) =>
    parseThumbnailQuery(
      createRequest({ query: { w, format }, headers: { Accept: 'image/avif,image/webp' } }),
    )

  test('has the format that its URL names, whatever the caller accepts', () => {
    expect(read('320')).toEqual({ width: 320, format: 'webp' })
    expect(read('320', 'webp')).toEqual({ width: 320, format: 'webp' })
    expect(read('320', 'avif')).toEqual({ width: 320, format: 'avif' })
    for (const format of ['', 'png', 'AVIF', ['avif', 'webp']]) {
      expect(() => read('320', format)).toThrow(refused('?format'))
    }
  })

  test('has one of a few widths', () => {
    expect(read(undefined)).toBeUndefined()
    for (const w of ['1', '321', '', '320px', ['320', '640']]) {
      expect(() => read(w)).toThrow(refused('?w'))
    }
  })
})

describe('the figures', () => {
  test.each([
    [undefined, undefined, true],
    ['Bearer any', undefined, true],
    [undefined, 'secret', false],
    ['', 'secret', false],
    ['Bearer ', 'secret', false],
    ['Bearer secre', 'secret', false],
    ['Bearer secrets', 'secret', false],
    ['Basic secret', 'secret', false],
    ['Bearer secret', 'secret', true],
    ['bearer secret', 'secret', true],
  ])('%s is let in under the token %s: %s', (authorization, token, mayRead) => {
    expect(mayReadMetrics(authorization, token)).toBe(mayRead)
  })
})
