import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { parseConfig } from '../../src/app/config.ts'
import { chooseEmbedder } from '../../src/features/similarity/embeddings/choose-embedder.ts'
import type { Embedder } from '../../src/features/similarity/ports.ts'
import { EmbeddingError, StartError } from '../../src/lib/errors.ts'
import type { EmbedFailure } from '../support/gemini-embeddings.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'
import { waitFor } from '../support/wait-for.ts'

const KEY = 'key-that-nobody-may-see'
const PROMPT = 'a heron in the reeds, private words'
const { signal } = new AbortController()

const choose = (env: Record<string, string>, isLocalInstalled = () => true) =>
  chooseEmbedder(parseConfig(env), isLocalInstalled)

const get = (env: Record<string, string>): Embedder => {
  const { embedder } = choose(env)
  if (!embedder) throw new Error('there is no embedder')
  return embedder
}

const lengthOf = (vector: Float32Array | undefined) => Math.hypot(...(vector ?? []))

describe('Gemini', () => {
  let server: GeminiServer
  let gemini: Embedder

  beforeAll(async () => {
    server = await startGeminiServer({ apiKey: KEY })
    gemini = get({ GEMINI_API_KEY: KEY, GEMINI_BASE_URL: `${server.url}/` })
  })
  afterEach(() => server.reset())
  afterAll(() => server.close())

  test('is asked for vectors by which texts are compared, of the length that is set', async () => {
    const { vectors, costNanoUsd } = await gemini.embed([PROMPT], signal)
    expect(gemini).toMatchObject({ source: 'gemini', model: 'gemini-embedding-001@512' })
    expect(server.embeddings.calls).toMatchObject([
      {
        model: 'gemini-embedding-001',
        apiKey: KEY,
        texts: [PROMPT],
        requests: [{ taskType: 'SEMANTIC_SIMILARITY', outputDimensionality: 512 }],
      },
    ])
    expect(vectors.map(({ length }) => length)).toEqual([512])
    expect(lengthOf(vectors[0])).toBeCloseTo(1, 5)
    // 35 characters are some 9 tokens at $0.15 a million.
    expect(costNanoUsd).toBe(9 * 150)
    expect(server.calls).toHaveLength(0)
  })

  test('answers several texts at once in their order', async () => {
    const texts = ['one dog', 'two cats', 'one dog']
    const { vectors } = await gemini.embed(texts, signal)
    expect(server.embeddings.calls.map((call) => call.texts)).toEqual([texts])
    expect(vectors[0]).toEqual(vectors[2])
    expect(vectors[0]).not.toEqual(vectors[1])
  })

  test('in trouble ends in an EmbeddingError that names neither prompt nor key, after one try', async () => {
    server.embeddings.fail('hang')
    const endless = gemini.embed([PROMPT], signal).catch((error: unknown) => error)
    await waitFor(() => server.embeddings.calls.length === 1, { what: 'the request' })
    const failures: EmbedFailure[] = [
      ...[400, 401, 403, 404, 429, 500, 503].map((status) => ({ status })),
      'reset',
      'garbage',
      'other_dimensions',
    ]
    const errors: unknown[] = []
    for (const failure of failures) {
      server.embeddings.fail(failure)
      errors.push(await gemini.embed([PROMPT], signal).catch((error: unknown) => error))
    }
    errors.push(await endless)
    expect(server.embeddings.calls).toHaveLength(errors.length)
    for (const error of errors) {
      expect(error).toBeInstanceOf(EmbeddingError)
      const { message, stack } = error as Error
      expect(message).toMatch(/^Gemini/)
      expect(`${message} ${stack}`).not.toMatch(/heron|private|nobody/)
    }
    expect((errors.at(-1) as Error).message).toBe('Gemini took longer than 2 s.')
  })

  test('is not asked by who has given up, and is left by who gives up', async () => {
    const gone = AbortSignal.abort(new Error('canceled'))
    await expect(gemini.embed([PROMPT], gone)).rejects.toThrow('canceled')
    expect(server.embeddings.calls).toHaveLength(0)
    server.embeddings.fail('hang')
    const controller = new AbortController()
    const left = gemini.embed([PROMPT], controller.signal)
    await waitFor(() => server.embeddings.calls.length === 1, { what: 'the request' })
    controller.abort(new Error('canceled'))
    await expect(left).rejects.toThrow('canceled')
  })
})

test('the local model puts what means the same near each other, at no cost', async () => {
  const local = get({})
  expect(local).toMatchObject({ source: 'local', model: 'energetic-ai-en-0.2.0@512' })
  const { vectors, costNanoUsd } = await local.embed(
    [
      'A red bicycle against a white wall, studio photo',
      'Studio photo of a red bicycle in front of a white wall',
      'A bowl of hot soup on a wooden table',
      '…',
    ],
    signal,
  )
  const [bicycle, same, soup, dots] = vectors as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const cosine = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)
  expect(costNanoUsd).toBe(0)
  expect(cosine(bicycle, same)).toBeGreaterThan(0.85)
  expect(cosine(bicycle, soup)).toBeLessThan(0.6)
  expect(lengthOf(dots)).toBeCloseTo(1, 4)
  const gone = AbortSignal.abort(new Error('canceled'))
  await expect(local.embed(['soup'], gone)).rejects.toThrow('canceled')
})

describe('what is used', () => {
  const key = { GEMINI_API_KEY: KEY }
  const none = () => false

  test('is Gemini where there is a key, else the local model, and what is said where one is', () => {
    expect(choose(key).embedder?.source).toBe('gemini')
    expect(choose({}).embedder?.source).toBe('local')
    expect(choose({ ...key, EMBEDDING_SOURCE: 'local' }).embedder?.source).toBe('local')
    expect(
      choose({ ...key, EMBEDDING_MODEL: 'm', EMBEDDING_DIMENSIONS: '256' }).embedder?.model,
    ).toBe('m@256')
  })

  test('is nothing without key and packages, or when it is off; it is said why', () => {
    expect(choose({}, none)).toEqual({
      embedder: undefined,
      note: expect.stringMatching(/no GEMINI_API_KEY.*@energetic-ai/),
    })
    expect(choose({ ...key, EMBEDDING_SOURCE: 'off' })).toEqual({
      embedder: undefined,
      note: expect.stringContaining('EMBEDDING_SOURCE is off'),
    })
  })

  test('is no choice where the source that is named is not there', () => {
    expect(() => choose({ EMBEDDING_SOURCE: 'gemini' })).toThrow(StartError)
    expect(() => choose({ EMBEDDING_SOURCE: 'gemini' })).toThrow(/EMBEDDING_SOURCE.*GEMINI_API_KEY/)
    expect(() => choose({ EMBEDDING_SOURCE: 'local' }, none)).toThrow(StartError)
    expect(() => choose({ EMBEDDING_SOURCE: 'local' }, none)).toThrow(
      /EMBEDDING_SOURCE.*npm install/,
    )
  })
})
