import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { makeBomb, makeColumn, makePng, SVG } from '../support/pictures.ts'
import { type Expected, expectProblem } from '../support/problems.ts'
import { createRefusals } from '../support/refusals.ts'

type Headers = Record<string, string>

let app: TestApp
let alice: Client
let expectRefusal: ReturnType<typeof createRefusals>

beforeAll(async () => {
  app = await startTestApp()
  alice = await createClient(app)
  await alice.generateAndWait({ prompt: 'an image there is' })
  expectRefusal = createRefusals(app, alice)
})
afterAll(() => app.stop())

const refuseRequest = (expected: Expected, body: unknown, headers: Headers = {}) =>
  expectRefusal(expected, 'POST', '/api/visualize/generate', { body, headers })

const wrongField = (...pointers: string[]): Expected => ({
  status: 400,
  code: 'invalid_request',
  pointers,
})

describe('a request with', () => {
  test.each<[string, unknown, string[]]>([
    ['no prompt', {}, ['/prompt']],
    ['an unknown field', { prompt: 'a', promt: 'b' }, ['/promt']],
    ['an unknown model', { prompt: 'a', model: 'gpt-image' }, ['/model']],
    ['a model named like a property', { prompt: 'a', model: '__proto__' }, ['/model']],
    [
      'an id nobody has',
      { prompt: 'a', conditionImage: `i_${'0'.repeat(40)}` },
      ['/conditionImage'],
    ],
    ['three wrong fields', { prompt: 7, lane: 'x', colour: 1 }, ['/prompt', '/lane', '/colour']],
    ['null as its body', null, ['']],
  ])('%s is refused, and told where it is wrong', async (_name, body, pointers) => {
    const json = JSON.stringify(body)
    await refuseRequest(wrongField(...pointers), json, { 'content-type': 'application/json' })
  })

  test.each<[string, string | Uint8Array, Headers, Expected]>([
    [
      'malformed JSON',
      '{"prompt": "a"',
      { 'content-type': 'application/json' },
      { status: 400, code: 'malformed_json' },
    ],
    [
      'a body that is not the gzip it is said to be',
      'not gzip',
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      { status: 400, code: 'invalid_request' },
    ],
    [
      'an unknown encoding',
      '{}',
      { 'content-type': 'application/json', 'content-encoding': 'x-odd' },
      { status: 415, code: 'unsupported_media_type' },
    ],
    [
      'an unknown character set',
      '{}',
      { 'content-type': 'application/json; charset=klingon' },
      { status: 415, code: 'unsupported_media_type' },
    ],
    [
      'no content type',
      new TextEncoder().encode('{"prompt":"a"}'),
      {},
      { status: 415, code: 'unsupported_media_type', pointers: ['Content-Type'] },
    ],
    [
      'the content type of a form',
      'prompt=a',
      { 'content-type': 'application/x-www-form-urlencoded' },
      { status: 415, code: 'unsupported_media_type', pointers: ['Content-Type'] },
    ],
    [
      'a body that is too large',
      `{"prompt":"${'a'.repeat(21_000_000)}"}`,
      { 'content-type': 'application/json' },
      { status: 413, code: 'payload_too_large' },
    ],
    [
      'a small body that unpacks to a large one',
      gzipSync(`{"prompt":"${'a'.repeat(21_000_000)}"}`),
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      { status: 413, code: 'payload_too_large' },
    ],
  ])('%s is refused', async (_name, body, headers, expected) => {
    await refuseRequest(expected, body, headers)
  })

  test('no body is refused', async () => {
    const headers = { 'content-type': 'application/json' }
    await refuseRequest(wrongField('/prompt'), undefined, headers)
  })

  test('a "__proto__" field does no harm', async () => {
    const headers = { 'content-type': 'application/json' }
    await refuseRequest(
      wrongField('/__proto__'),
      '{"prompt":"a","__proto__":{"lane":"eager"}}',
      headers,
    )
    expect(({} as { lane?: string }).lane).toBeUndefined()
  })

  test('an Idempotency-Key that is none is refused', async () => {
    const headers = { 'Idempotency-Key': 'two words' }
    await refuseRequest(wrongField('Idempotency-Key'), { prompt: 'a' }, headers)
  })

  test('a wait that is none is refused, of a submission and of a reading', async () => {
    const headers = { Prefer: 'wait=soon' }
    await refuseRequest(wrongField('Prefer'), { prompt: 'a' }, headers)
    const { body } = await alice.generate({ prompt: 'an image there is' })
    const answer = await alice.fail('GET', `/api/generations/${body.id}`, { headers })
    expectProblem(answer, wrongField('Prefer'))
  })
})

describe('what is no usable image', () => {
  const unusable: [string, () => Uint8Array | Promise<Uint8Array>][] = [
    ['text', () => Buffer.from('this is not an image')],
    ['an SVG', () => Buffer.from(SVG)],
    ['more pixels than are taken', makeBomb],
    ['a column of pixels', makeColumn],
    ['half a png', async () => (await makePng('#ff0000', 100)).subarray(0, 200)],
    ['a GIF', () => Buffer.from('R0lGODlhAQABAAAAACw=', 'base64')],
  ]

  test.each(unusable)('%s is refused as a condition image', async (_name, make) => {
    const bytes = Buffer.from(await make()).toString('base64')
    const expected = { status: 422, code: 'invalid_image', pointers: ['/conditionImage'] }
    await refuseRequest(expected, { prompt: 'a', conditionImage: bytes })
    await refuseRequest(expected, { prompt: 'a', conditionImage: `data:image/png;base64,${bytes}` })
  })

  test.each(unusable)('%s is refused as an upload', async (_name, make) => {
    const options = { body: await make(), headers: { 'content-type': 'image/png' } }
    await expectRefusal({ status: 422, code: 'invalid_image' }, 'POST', '/api/images', options)
  })

  test.each([
    'not base64!',
    'data:image/png,plain',
    'https://example.com/cat.png',
    'data:text/html;base64,YQ==',
  ])('"%s" is refused as a condition image', async (conditionImage) => {
    const expected = { status: 422, code: 'invalid_image', pointers: ['/conditionImage'] }
    await refuseRequest(expected, { prompt: 'a', conditionImage })
  })

  test.each([
    ['of another type', new Uint8Array([1]), { 'content-type': 'image/svg+xml' }, 415],
    ['of no type', new Uint8Array([1]), {}, 415],
    ['of JSON', '{}', { 'content-type': 'application/json' }, 415],
    ['of nothing', undefined, { 'content-type': 'image/png' }, 422],
    [
      'of too many bytes',
      new Uint8Array(10 * 1024 * 1024 + 1),
      { 'content-type': 'image/png' },
      413,
    ],
  ])('an upload %s is refused', async (_name, body, headers, status) => {
    const code = { 413: 'payload_too_large', 415: 'unsupported_media_type', 422: 'invalid_image' }[
      status
    ]
    const options = { body, headers: headers as Headers }
    await expectRefusal({ status, code: code ?? '' }, 'POST', '/api/images', options)
  })
})
