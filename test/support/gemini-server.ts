import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { errorOf, type GeminiBody } from './gemini-answers.ts'
import { createBatchStandIn } from './gemini-batches.ts'
import { type GeminiBehaviour, perform } from './gemini-behaviour.ts'
import { createEmbedStandIn } from './gemini-embeddings.ts'
import { createJudgeStandIn } from './gemini-judge.ts'
import { createPassStandIn } from './gemini-passing.ts'

/** One request for an image, as it arrived. */
export type GeminiCall = {
  /** From 1, in order of arrival since the start or the last `reset`. */
  number: number
  model: string
  /** All text parts of the request, joined. */
  prompt: string
  body: GeminiBody
  /** As it is asked for, in the one form that is taken. */
  tier: 'standard' | 'flex'
  /** How long the client says that it waits, in seconds. */
  patienceSeconds: number | undefined
  apiKey: string | undefined
  /** Milliseconds since 1970. */
  at: number
  /** True once the client went away without the whole answer. */
  abandoned: boolean
}

export type GeminiServer = Awaited<ReturnType<typeof startGeminiServer>>

type Choice = GeminiBehaviour | ((call: GeminiCall) => GeminiBehaviour | Promise<GeminiBehaviour>)

/** `GET /v1beta/models/:model`, which costs nothing. */
const answerOfModel = (
  { method, url = '', headers }: IncomingMessage,
  response: ServerResponse,
  apiKey: string,
): boolean => {
  const name = /^\/v1beta\/models\/([^/:]+)$/.exec(url)?.[1]
  if (method !== 'GET' || !name) return false
  const isKnown = /^gemini-/.test(name)
  const [status, body] =
    headers['x-goog-api-key'] !== apiKey
      ? [400, errorOf(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.')]
      : isKnown
        ? [200, { name: `models/${name}` }]
        : [404, errorOf(404, 'NOT_FOUND', `models/${name} is not found for API version v1beta.`)]
  response.writeHead(Number(status), { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
  return true
}

/** One reports that the camel-case form is answered with 400. */
const isTierWellSaid = (body: GeminiBody): boolean =>
  !('serviceTier' in body) && ['flex', undefined].includes(body.service_tier)

const PATH = /^\/v1beta\/models\/([^/:]+):generateContent$/

/**
 * Google's image API as far as it is used, on a port of its own: `POST /v1beta/models/:model:generateContent`.
 * Answers with an image unless told otherwise. A wrong key is refused as Google refuses it. Vectors of texts besides, counted
 * apart (`embeddings`).
 */
export const startGeminiServer = async ({ apiKey = 'test-key' } = {}) => {
  const calls: GeminiCall[] = []
  const keys = new Set([apiKey])
  const embeddings = createEmbedStandIn(apiKey)
  const judge = createJudgeStandIn()
  const passing = createPassStandIn((key) => keys.has(key))
  const batches = createBatchStandIn(apiKey)
  const stop = new AbortController()
  let waiting: (() => void)[] = []
  let choice: Choice = { kind: 'image' }
  let setAtCall = 0

  const choose = (call: GeminiCall): Choice => {
    if (!call.apiKey) return { kind: 'forbidden' }
    if (!isTierWellSaid(call.body)) return { kind: 'bad_request', field: 'service_tier' }
    return keys.has(call.apiKey) ? choice : { kind: 'key_invalid' }
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (await embeddings.answer(request, response)) return
    if (await batches.answer(request, response)) return
    if (await judge.answer(request, response)) return
    if (answerOfModel(request, response, apiKey)) return
    if (await passing.answer(request, response)) return
    const model = PATH.exec(request.url ?? '')?.[1]
    if (request.method !== 'POST' || !model) {
      response.writeHead(404, { 'content-type': 'application/json' })
      response.end(JSON.stringify(errorOf(404, 'NOT_FOUND', 'Not found')))
      return
    }
    const call = record(model, request, (await json(request)) as GeminiBody)
    const gone = new AbortController()
    response.once('close', () => {
      call.abandoned = !response.writableFinished
      gone.abort()
      wake()
    })
    const place = calls.length - 1 - setAtCall
    const chosen = choose(call)
    const behaviour = typeof chosen === 'function' ? await chosen(call) : chosen
    await perform(behaviour, {
      response,
      call,
      place,
      signal: AbortSignal.any([gone.signal, stop.signal]),
    })
  }

  const record = (model: string, request: IncomingMessage, body: GeminiBody): GeminiCall => {
    const texts = body.contents.flatMap(({ parts }) => parts.flatMap((part) => part.text ?? []))
    const key = request.headers['x-goog-api-key']
    const call: GeminiCall = {
      number: calls.length + 1,
      model,
      prompt: texts.join('\n'),
      body,
      tier: body.service_tier === 'flex' ? 'flex' : 'standard',
      patienceSeconds: Number(request.headers['x-server-timeout']) || undefined,
      apiKey: typeof key === 'string' ? key : undefined,
      at: Date.now(),
      abandoned: false,
    }
    calls.push(call)
    wake()
    return call
  }

  const wake = () => {
    const woken = waiting
    waiting = []
    for (const resume of woken) resume()
  }

  // A client that went away ends every wait with an AbortError, and there is nobody left to answer.
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    apiKey,
    /** Has another key accepted besides. */
    acceptKey: (key: string): void => void keys.add(key),
    /** What is asked for vectors. */
    embeddings,
    /** Who is asked about pairs of prompts. */
    judge,
    /** What is handed on. */
    passing,
    /** Batch jobs, and the files of them. */
    batches,
    /** Every request for an image so far, the refused ones too. */
    calls: calls as readonly GeminiCall[],
    countCalls: (promptIncludes = '') =>
      calls.filter((call) => call.prompt.includes(promptIncludes)).length,
    /** From now on: one behaviour, or one chosen by the request. */
    behave: (next: Choice) => {
      choice = next
      setAtCall = calls.length
    },
    /** Resolves with the first call that `matches`, among those that were and those to come. */
    waitForCall: async (
      matches: (call: GeminiCall) => boolean = () => true,
    ): Promise<GeminiCall> => {
      for (;;) {
        const found = calls.find(matches)
        if (found) return found
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    /** Forgets the calls and answers with images again. */
    reset: () => {
      calls.length = 0
      embeddings.reset()
      judge.reset()
      passing.reset()
      batches.reset()
      choice = { kind: 'image' }
      setAtCall = 0
    },
    close: async () => {
      stop.abort()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}
