import { ApiError, GoogleGenAI } from '@google/genai'
import { GoogleGenerativeAI, GoogleGenerativeAIFetchError } from '@google/generative-ai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { makeImage } from '../support/gemini-answers.ts'
import { createHolds } from '../support/held.ts'
import { makePng } from '../support/pictures.ts'

const MODEL = 'gemini-nano-banana-2.1'
const CALL = `/gemini/v1beta/models/${MODEL}:generateContent`

let app: TestApp
let alice: Client
let key: string
let holds: ReturnType<typeof createHolds>

beforeAll(async () => {
  app = await startTestApp()
  alice = await createClient(app)
  key = await app.token()
  holds = createHolds(app.gemini)
})
afterEach(() => holds.release())
afterAll(() => app.stop())

const genai = (apiKey = key) =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${app.url}/gemini` } })
const legacy = () =>
  new GoogleGenerativeAI(key).getGenerativeModel({ model: MODEL }, { baseUrl: `${app.url}/gemini` })
const count = () => app.gemini.calls.length
const inline = (bytes: Uint8Array) => ({
  inlineData: { mimeType: 'image/png', data: Buffer.from(bytes).toString('base64') },
})
const post = (body: object, headers: Record<string, string> = {}) =>
  alice.call<Record<string, never>>('POST', CALL, { body, headers })

describe('@google/genai, unchanged but for its base URL and key', () => {
  test('makes a picture, and has the same bytes, usage and answer again for nothing', async () => {
    const ask = () =>
      genai().models.generateContent({
        model: MODEL,
        contents: 'a kite over the sea',
        config: { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '16:9' } },
      })
    const before = count()
    const first = await ask()
    const again = await ask()
    expect(count()).toBe(before + 1)
    expect(again.data).toBe(first.data)
    expect(first.data?.length).toBeGreaterThan(100)
    const { sdkHttpResponse: _one, ...one } = first
    const { sdkHttpResponse: two, ...same } = again
    expect(same).toEqual(one)
    expect(one).toMatchObject({
      usageMetadata: { candidatesTokenCount: 1_120 },
      modelVersion: 'stand-in',
      responseId: 'stand-in',
    })
    expect(two?.headers?.['imageonce-reuse']).toBe('exact')
  })

  test('has the picture that our own API was asked for', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'one of two APIs', aspectRatio: '3:2' })
    const before = count()
    const { sdkHttpResponse } = await genai().models.generateContent({
      model: `models/${MODEL}`,
      contents: [{ parts: [{ text: 'one of two APIs' }] }],
      config: {
        responseModalities: ['IMAGE', 'TEXT'],
        imageConfig: { aspectRatio: '3:2', imageSize: '1K' },
        candidateCount: 1,
        safetySettings: [],
      },
    })
    expect(sdkHttpResponse?.headers?.['imageonce-generation']).toBe(body.id)
    expect(count()).toBe(before)
  })

  test('streams a picture', async () => {
    const chunks = []
    for await (const chunk of await genai().models.generateContentStream({
      model: MODEL,
      contents: 'a streamed kite',
    })) {
      chunks.push(chunk)
    }
    expect(chunks).toHaveLength(1)
    expect(chunks[0]?.data?.length).toBeGreaterThan(100)
  })

  test('talks about a picture, and the whole talk again costs nothing', async () => {
    const talk = async () => {
      const chat = genai().chats.create({ model: MODEL })
      const first = await chat.sendMessage({ message: 'a house' })
      const second = await chat.sendMessage({ message: 'now with a red door' })
      return [first.data, second.data]
    }
    const before = count()
    const first = await talk()
    expect(count()).toBe(before + 2)
    expect(await talk()).toEqual(first)
    expect(count()).toBe(before + 2)
    expect(first[0]).not.toBe(first[1])
    const { body } = app.gemini.calls.at(-1) ?? {}
    expect(body?.contents.map(({ role }) => role)).toEqual(['user', 'model', 'user'])
    expect(body?.contents[1]?.parts[0]?.inlineData?.data?.length).toBeGreaterThan(100)
  })

  test('edits several pictures, each known by what it is, in the order they came in', async () => {
    const [one, two] = [await makePng('#112233'), await makePng('#ddeeff')].map(inline)
    const ask = (...parts: object[]) =>
      genai().models.generateContent({ model: MODEL, contents: [{ role: 'user', parts }] })
    const before = count()
    await ask({ text: 'join these' }, one as object, two as object)
    await ask({ text: 'join these' }, one as object, two as object)
    expect(count()).toBe(before + 1)
    await ask(two as object, one as object, { text: 'join these' })
    expect(count()).toBe(before + 2)
    const parts = app.gemini.calls.at(-1)?.body.contents[0]?.parts ?? []
    expect(parts.map(({ text }) => text)).toEqual([undefined, undefined, 'join these'])
  })

  test('learns why there is no picture as from Google', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const ask = (contents: string) => genai().models.generateContent({ model: MODEL, contents })
    const blocked = await ask('what is blocked')
    expect(blocked.promptFeedback?.blockReason).toBe('PROHIBITED_CONTENT')
    app.gemini.behave({ kind: 'finish', finishReason: 'IMAGE_SAFETY' })
    const withheld = await ask('what is withheld')
    expect(withheld.candidates?.[0]?.finishReason).toBe('IMAGE_SAFETY')
    expect(withheld.data).toBeUndefined()
  })

  test('is told of a wrong key, a quota and a model that is overloaded', async () => {
    const ask = (contents: string, by = genai()) =>
      by.models.generateContent({ model: MODEL, contents }).then(
        () => undefined,
        (error: unknown) => error as ApiError,
      )
    const unknown = await ask('a kite', genai('io_none'))
    expect(unknown).toBeInstanceOf(ApiError)
    expect(unknown?.status).toBe(401)
    expect(unknown?.message).toContain('"UNAUTHENTICATED"')
    const operator = await createClient(app, 'ops', true)
    const budget = '/api/budgets/owner%3Aalice'
    await operator.call('PUT', budget, { body: { dailyUsd: 0.000001 } })
    const poor = await ask('beyond the budget')
    await operator.call('DELETE', budget)
    expect(poor?.status).toBe(429)
    expect(poor?.message).toContain('"RESOURCE_EXHAUSTED"')
    expect(poor?.message).toContain('retryDelay')
    await operator.call('POST', '/api/spending/pause')
    const paused = await ask('while paying is stopped')
    await operator.call('POST', '/api/spending/resume')
    expect(paused?.status).toBe(429)
    app.gemini.behave({ kind: 'overloaded' })
    const busy = await ask('of a busy model')
    expect(busy?.status).toBe(503)
    expect(busy?.message).toContain('"UNAVAILABLE"')
  })

  test('may give up, and find what it asked for when it comes back', async () => {
    const open = holds.hold()
    const leaving = new AbortController()
    const ask = (abortSignal?: AbortSignal) =>
      genai().models.generateContent({
        model: MODEL,
        contents: 'given up',
        ...(abortSignal && { config: { abortSignal } }),
      })
    const left = ask(leaving.signal).catch((error: Error) => error)
    await app.gemini.waitForCall(({ prompt }) => prompt === 'given up')
    leaving.abort()
    expect(await left).toBeInstanceOf(Error)
    const before = count()
    const back = ask()
    open()
    expect((await back).data?.length).toBeGreaterThan(100)
    expect(count()).toBe(before)
  })
})

describe('@google/generative-ai, unchanged but for its base URL and key', () => {
  test('makes a picture once, also as a stream and in a chat', async () => {
    const before = count()
    const { response } = await legacy().generateContent('an old kite')
    const { stream } = await legacy().generateContentStream('an old kite')
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    const said = await legacy().startChat().sendMessage('an old kite')
    expect(count()).toBe(before + 1)
    const [part] = response.candidates?.[0]?.content.parts ?? []
    expect(part?.inlineData?.data.length).toBeGreaterThan(100)
    expect(chunks[0]?.candidates?.[0]?.content.parts).toEqual([part])
    expect(said.response.candidates?.[0]?.content.parts).toEqual([part])
  })

  test('reads an error as Google’s', async () => {
    app.gemini.behave({ kind: 'overloaded' })
    const failed = legacy().generateContent('an old busy model')
    await expect(failed).rejects.toBeInstanceOf(GoogleGenerativeAIFetchError)
    await expect(failed).rejects.toMatchObject({ status: 503 })
  })
})

describe('an answer', () => {
  test('has every picture that came with it, and its words where they were asked for', async () => {
    app.gemini.behave({ kind: 'image_with_drafts' })
    type Part = { text?: string; thought?: boolean; inlineData?: { data: string } }
    type Body = { candidates: { content: { parts: Part[] } }[] }
    const ask = (text: string, responseModalities: string[]) =>
      alice.call<Body>('POST', CALL, {
        body: { contents: [{ parts: [{ text }] }], generationConfig: { responseModalities } },
      })
    const partsOf = ({ body }: { body: Body }) => body.candidates[0]?.content.parts ?? []
    const first = partsOf(await ask('several pictures', ['TEXT', 'IMAGE']))
    const again = partsOf(await ask('several pictures', ['TEXT', 'IMAGE']))
    expect(again).toEqual(first)
    const pictures = first.filter(({ inlineData }) => inlineData)
    expect(new Set(pictures.map(({ inlineData }) => inlineData?.data)).size).toBe(2)
    expect(first.filter(({ text, thought }) => text && !thought)).toHaveLength(1)
    const imageOnly = partsOf(await ask('several pictures', ['IMAGE']))
    expect(imageOnly.filter(({ inlineData }) => inlineData)).toEqual(pictures)
    expect(imageOnly.filter(({ text, thought }) => text && !thought)).toEqual([])
  })

  test('of a request that ours has no word for is of that request as it is, and made once', async () => {
    const picture = await makeImage(900, { contents: [] })
    const body = {
      contents: [{ parts: [picture, { text: 'as a drawing' }] }],
      systemInstruction: { parts: [{ text: 'You draw with coal.' }] },
      generationConfig: { temperature: 0.4, image_config: { aspect_ratio: '1:1' } },
    }
    const before = count()
    await post(body)
    const sent = app.gemini.calls.at(-1)?.body
    expect(sent).toMatchObject({
      systemInstruction: body.systemInstruction,
      generationConfig: { temperature: 0.4, imageConfig: { aspectRatio: '1:1' } },
    })
    expect(sent?.contents[0]?.parts[1]).toEqual({ text: 'as a drawing' })
    const again = await post({
      ...body,
      safetySettings: [],
      generationConfig: { temperature: 0.4, imageConfig: { aspectRatio: '1:1', imageSize: '1K' } },
    })
    expect([again.status, count()]).toEqual([200, before + 1])
    await post({ ...body, generationConfig: { temperature: 0.5 } })
    expect(count()).toBe(before + 2)
  })
})
