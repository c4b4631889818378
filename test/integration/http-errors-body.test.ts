import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { makeBomb, makePng, SVG } from '../support/pictures.ts'
import { type Expected, expectProblem } from '../support/problems.ts'
import { createRefusals } from '../support/refusals.ts'

type Client = Awaited<ReturnType<typeof createClient>>
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
    ['an empty prompt', { prompt: '' }, ['/prompt']],
    ['a prompt of white space', { prompt: ' \n\t\u3000 ' }, ['/prompt']],
    ['a prompt that is too long', { prompt: 'a'.repeat(4_001) }, ['/prompt']],
    ['a prompt that grows too long when normalised', { prompt: '\ufdfa'.repeat(300) }, ['/prompt']],
    ['a number for a prompt', { prompt: 7 }, ['/prompt']],
    ['null for a prompt', { prompt: null }, ['/prompt']],
    ['a list for a prompt', { prompt: ['a'] }, ['/prompt']],
    ['a NUL in the prompt', { prompt: 'a\u0000b' }, ['/prompt']],
    ['an unknown field', { prompt: 'a', promt: 'b' }, ['/promt']],
    ['an unknown field with a slash', { prompt: 'a', 'a/b~c': 1 }, ['/a~1b~0c']],
    ['an unknown transformation', { prompt: 'a', transformation: 'melt' }, ['/transformation']],
    ['a word for a switch', { prompt: 'a', skipExistingCheck: 'yes' }, ['/skipExistingCheck']],
    ['an unknown ratio', { prompt: 'a', aspectRatio: '7:3' }, ['/aspectRatio']],
    ['an unknown size', { prompt: 'a', imageSize: '8K' }, ['/imageSize']],
    ['an unknown model', { prompt: 'a', model: 'gpt-image' }, ['/model']],
    ['a model named like a property', { prompt: 'a', model: '__proto__' }, ['/model']],
    ['an empty model', { prompt: 'a', model: '' }, ['/model']],
    ['an unknown lane', { prompt: 'a', lane: 'fast' }, ['/lane']],
    ['a variant that is too long', { prompt: 'a', variant: 'v'.repeat(101) }, ['/variant']],
    ['a NUL in the variant', { prompt: 'a', variant: 'v\u0000' }, ['/variant']],
    ['nothing to enhance', { prompt: 'a', transformation: 'enhance' }, ['/conditionImage']],
    ['an empty condition image', { prompt: 'a', conditionImage: '' }, ['/conditionImage']],
    [
      'an id nobody has',
      { prompt: 'a', conditionImage: `i_${'0'.repeat(40)}` },
      ['/conditionImage'],
    ],
    ['three wrong fields', { prompt: 7, lane: 'x', colour: 1 }, ['/prompt', '/lane', '/colour']],
    ['a list as its body', [], ['']],
    ['a word as its body', 'a red bicycle', ['']],
    ['null as its body', null, ['']],
  ])('%s is refused, and told where it is wrong', async (_name, body, pointers) => {
    const json = JSON.stringify(body)
    const { body: problem } = await refuseRequest(wrongField(...pointers), json, {
      'content-type': 'application/json',
    })
    for (const { detail } of problem.errors ?? []) expect(detail).not.toBe('')
  })

  test('4,000 characters after normalising is taken', async () => {
    const prompt = `${'a   \n '.repeat(1_999)}bb  `
    const { status, body } = await alice.generateAndWait({ prompt })
    expect(status).toBe(200)
    expect(body.prompt).toHaveLength(4_000)
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
      `{"prompt":"${'a'.repeat(15_000_000)}"}`,
      { 'content-type': 'application/json' },
      { status: 413, code: 'payload_too_large' },
    ],
    [
      'a small body that unpacks to a large one',
      gzipSync(`{"prompt":"${'a'.repeat(15_000_000)}"}`),
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

  test('a hundred thousand unknown fields is refused in few words', async () => {
    const fields = Array.from({ length: 100_000 }, (_, i) => [`field${i}`, 0])
    const answer = await alice.fail('POST', '/api/visualize/generate', {
      body: { prompt: 'a', ...Object.fromEntries(fields) },
    })
    expectProblem(answer, { status: 400, code: 'invalid_request' })
    expect(answer.body.errors?.length).toBeLessThanOrEqual(100)
    expect(JSON.stringify(answer.body).length).toBeLessThan(64_000)
  })

  test('a prompt that is slow to normalise (marks to be sorted) is refused before it is', async () => {
    const prompt = `a${'\u0315'.repeat(50_000)}${'\u0300'.repeat(50_000)}`
    const startedAt = performance.now()
    await refuseRequest(wrongField('/prompt'), { prompt })
    expect(performance.now() - startedAt).toBeLessThan(1_000)
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

  test.each([
    ['an empty key', ''],
    ['an empty quoted key', '""'],
    ['a key with a space', 'two words'],
    ['a key that is too long', 'k'.repeat(256)],
    ['a key that is not ASCII', 'schl\u00fcssel'],
  ])('%s as its Idempotency-Key is refused', async (_name, key) => {
    await refuseRequest(wrongField('Idempotency-Key'), { prompt: 'a' }, { 'Idempotency-Key': key })
  })

  test.each([
    'wait',
    'wait=',
    'wait=soon',
    'wait=-1',
    'wait=1.5',
    'wait=1e3',
    'respond-async, wait=x',
  ])('"Prefer: %s" is refused', async (prefer) => {
    await refuseRequest(wrongField('Prefer'), { prompt: 'a' }, { Prefer: prefer })
    const { body } = await alice.generate({ prompt: 'an image there is' })
    const headers = { Prefer: prefer }
    await alice
      .fail('GET', `/api/generations/${body.id}`, { headers })
      .then((answer) => expectProblem(answer, wrongField('Prefer')))
  })
})

describe('what is no usable image', () => {
  const unusable: [string, () => Uint8Array | Promise<Uint8Array>][] = [
    ['text', () => Buffer.from('this is not an image')],
    ['an SVG', () => Buffer.from(SVG)],
    ['more pixels than are taken', makeBomb],
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
