import { GoogleGenAI } from '@google/genai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createGeminiBatches } from '../../src/adapters/providers/gemini-batches.ts'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import { aRequest } from '../support/gemini-provider.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'
import { startHttpServer } from '../support/http-server.ts'

const MODEL = 'gemini-nano-banana-2.1'
const never = new AbortController().signal

describe('Gemini’s batches', () => {
  let gemini: GeminiServer
  let wire: ReturnType<typeof createGeminiBatches>

  beforeAll(async () => {
    gemini = await startGeminiServer()
    wire = createGeminiBatches({
      apiKey: gemini.apiKey,
      baseUrl: gemini.url,
      timeoutMs: 10_000,
      prices: builtInPrices,
    })
  })
  afterAll(() => gemini.close())
  afterEach(() => gemini.reset())

  async function* linesOf(...lines: string[]) {
    yield* lines
  }
  const create = async (id: string) => {
    await wire.upload(id, linesOf(wire.writeLine('g_1', aRequest)), never)
    return wire.create(id, MODEL, never)
  }
  const untilEnded = async (name: string) => {
    for (;;) {
      const batch = await wire.find(name, never)
      if (batch?.state !== 'pending' && batch?.state !== 'running') return batch
    }
  }
  const readKeys = async (file = '') => {
    const keys: (string | undefined)[] = []
    for await (const { key } of wire.readResults(file, never)) keys.push(key)
    return keys
  }

  test('are to Google’s own client what they are to us', async () => {
    const client = new GoogleGenAI({
      apiKey: gemini.apiKey,
      apiVersion: 'v1beta',
      httpOptions: { baseUrl: gemini.url },
    })
    const { name } = await create('b_ours')
    await untilEnded(name)
    const seen = await client.batches.get({ name })
    expect(seen).toMatchObject({ name, displayName: 'b_ours', state: 'JOB_STATE_SUCCEEDED' })
    expect(seen.dest?.fileName).toMatch(/^files\//)

    const src = new Blob([`${wire.writeLine('g_2', aRequest)}\n`])
    const file = await client.files.upload({
      file: src,
      config: { name: 'files/theirs', mimeType: 'application/jsonl' },
    })
    const theirs = await client.batches.create({
      model: MODEL,
      src: file.name ?? '',
      config: { displayName: 'b_theirs' },
    })
    expect(await wire.findAll('b_theirs', never)).toMatchObject([{ name: theirs.name }])
    const ended = await untilEnded(theirs.name ?? '')
    expect(await readKeys(ended?.responsesFile)).toEqual(['g_2'])
    const names: (string | undefined)[] = []
    for await (const each of await client.batches.list()) names.push(each.displayName)
    expect(names.sort()).toEqual(['b_ours', 'b_theirs'])
  })

  test('take requests of any size, in parts, and again under the same name', async () => {
    const large = 'x'.repeat(5 * 1024 * 1024)
    for (let n = 0; n < 2; n++)
      await wire.upload('b_large', linesOf(large, large, large, 'end'), never)
    expect(gemini.batches.files.list()).toEqual(['files/b-large'])
    expect(gemini.batches.files.find('files/b-large')?.bytes.length).toBe(
      3 * (large.length + 1) + 4,
    )
  })

  test('send requests and key to the provider alone, wherever it says that they go', async () => {
    const heard: string[] = []
    const elsewhere = await startHttpServer((request, response) => {
      heard.push(request.url ?? '')
      response.end('{}')
    })
    const front = await startHttpServer((request, response) => {
      const isStart = request.headers['x-goog-upload-command'] === 'start'
      if (isStart) response.setHeader('x-goog-upload-url', `${elsewhere.url}/stolen?upload_id=1`)
      heard.push(isStart ? 'start' : `here ${request.url}`)
      request.resume().on('end', () => response.end('{}'))
    })
    const fronted = createGeminiBatches({
      apiKey: 'k',
      baseUrl: front.url,
      timeoutMs: 10_000,
      prices: builtInPrices,
    })
    await fronted.upload('b_1', linesOf('{}'), never)
    expect(heard).toEqual(['start', 'here /stolen?upload_id=1'])
    await Promise.all([front.close(), elsewhere.close()])
  })

  test('are found by their names on whichever page, and deleted with their files', async () => {
    const { name } = await create('b_first')
    for (let n = 0; n < 5; n++) gemini.batches.addOther(`other ${n}`)
    expect(await wire.findAll('b_first', never)).toMatchObject([{ name, displayName: 'b_first' }])
    const ended = await untilEnded(name)
    const files = { id: 'b_first', remoteName: name, responsesFile: ended?.responsesFile ?? null }
    for (let n = 0; n < 2; n++) await wire.remove(files, never)
    expect(gemini.batches.files.list()).toEqual([])
    expect(await wire.find(name, never)).toBeUndefined()
  })

  test('cost half, and say so of each result', async () => {
    const { name } = await create('b_half')
    const ended = await untilEnded(name)
    for await (const { readAnswer } of wire.readResults(ended?.responsesFile ?? '', never)) {
      const { costNanoUsd, receipt } = readAnswer(aRequest)
      expect(costNanoUsd).toBe((12 * 1_500 + 1_120 * 30_000) / 2)
      expect(receipt).toMatchObject({ basis: 'measured', responseId: 'stand-in' })
    }
    expect(wire.isOffered(MODEL)).toBe(true)
    expect(wire.isOffered('gemini-of-tomorrow')).toBe(false)
  })

  test.each([
    [{ code: 3, message: 'bad' }, 'invalid_request'],
    [{ code: 8, message: 'quota' }, 'rate_limited'],
    [{ code: 13, message: 'internal' }, 'ambiguous'],
    [{ code: 14, message: 'busy' }, 'overloaded'],
    [{ code: 503, status: 'UNAVAILABLE' }, 'overloaded'],
    [{}, 'ambiguous'],
  ])('an error of one result, %j, is %s', async (error, code) => {
    gemini.batches.behave({ lineOf: ({ key }) => ({ key, error }) })
    const { name } = await create('b_error')
    const ended = await untilEnded(name)
    for await (const { readAnswer } of wire.readResults(ended?.responsesFile ?? '', never)) {
      expect(() => readAnswer(aRequest)).toThrow(expect.objectContaining({ code }))
    }
  })

  test('whose results are gone say so, and those that are cut off too often give up', async () => {
    await expect(readKeys('files/none')).rejects.toMatchObject({ code: 'model_gone' })
    gemini.batches.files.put('files/cut', Buffer.from('{"key":"a"}\n'.repeat(10)))
    gemini.batches.files.cut({ times: 100, afterBytes: 1 })
    await expect(readKeys('files/cut')).rejects.toMatchObject({ code: 'ambiguous' })
  }, 60_000)
})
