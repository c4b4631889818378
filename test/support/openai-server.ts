import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { makePicture, type OpenaiBehaviour, performOpenai } from './openai-behaviour.ts'

/** One request for an image, as it arrived. */
export type OpenaiCall = {
  /** From 1, in order of arrival since the start or the last `reset`. */
  number: number
  path: string
  model: string
  prompt: string
  /** All fields as they were sent; of a form as texts. */
  fields: Record<string, unknown>
  /** The pictures of a form, with the names of their fields. */
  files: { field: string; bytes: Uint8Array; mimeType: string }[]
  authorization: string | undefined
  /** True once the client went away without the whole answer. */
  abandoned: boolean
}

export type OpenaiServer = Awaited<ReturnType<typeof startOpenaiServer>>

type Choice = OpenaiBehaviour | ((call: OpenaiCall) => OpenaiBehaviour)

const MODELS = ['gpt-image-2.5-flare', 'gpt-image-2', 'gpt-image-1-mini']

/**
 * OpenAI's Images API as far as it is used, on a port of its own: generations, edits, and the list of models. Answers with a
 * picture unless told otherwise; a wrong key is refused as OpenAI refuses it.
 */
export const startOpenaiServer = async ({ apiKey = 'test-key' } = {}) => {
  const calls: OpenaiCall[] = []
  /** What was asked for at addresses that answers have named, with the credentials that came along. */
  const fetched: { path: string; authorization: string | undefined }[] = []
  const stop = new AbortController()
  let waiting: (() => void)[] = []
  let choice: Choice = { kind: 'image' }

  const wake = () => {
    const woken = waiting
    waiting = []
    for (const resume of woken) resume()
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url = '', headers } = request
    const sendJson = (status: number, json: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(json))
    }
    if (method === 'GET' && url.startsWith('/pictures/')) {
      fetched.push({ path: url, authorization: headers.authorization })
      response.writeHead(url.includes('gone') ? 404 : 200, { 'content-type': 'image/png' })
      response.end(await makePicture(Number(url.replace(/\D/g, ''))))
      return
    }
    if (headers.authorization !== `Bearer ${apiKey}`) {
      const message = 'Incorrect API key provided.'
      const error = { message, type: 'invalid_request_error', param: null, code: 'invalid_api_key' }
      return sendJson(401, { error })
    }
    if (method === 'GET' && url === '/v1/models') {
      return sendJson(200, { object: 'list', data: MODELS.map((id) => ({ id, object: 'model' })) })
    }
    if (method !== 'POST' || !/^\/v1\/images\/(generations|edits)$/.test(url)) {
      return sendJson(404, { error: { message: 'Invalid URL', type: 'invalid_request_error' } })
    }
    const call = await record(request)
    calls.push(call)
    wake()
    const gone = new AbortController()
    response.once('close', () => {
      call.abandoned = !response.writableFinished
      gone.abort()
      wake()
    })
    const behaviour = typeof choice === 'function' ? choice(call) : choice
    const signal = AbortSignal.any([gone.signal, stop.signal])
    await performOpenai(behaviour, { response, call, signal, origin: origin() })
  }

  const record = async (request: IncomingMessage): Promise<OpenaiCall> => {
    const { url = '', headers } = request
    const { fields, files } = await readBody(request)
    return {
      number: calls.length + 1,
      path: url,
      model: String(fields.model),
      prompt: String(fields.prompt),
      fields,
      files,
      authorization: headers.authorization,
      abandoned: false,
    }
  }

  // A client that went away ends every wait with an AbortError, and there is nobody left to answer.
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url: `${origin()}/v1`,
    apiKey,
    calls: calls as readonly OpenaiCall[],
    fetched: fetched as readonly (typeof fetched)[number][],
    countCalls: (promptIncludes = '') =>
      calls.filter((call) => call.prompt.includes(promptIncludes)).length,
    /** From now on: one behaviour, or one chosen by the request. */
    behave: (next: Choice) => {
      choice = next
    },
    /** Resolves with the first call that `matches`, among those that were and those to come. */
    waitForCall: async (matches: (call: OpenaiCall) => boolean = () => true) => {
      for (;;) {
        const found = calls.find(matches)
        if (found) return found
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    /** Forgets the calls and answers with images again. */
    reset: () => {
      calls.length = 0
      fetched.length = 0
      choice = { kind: 'image' }
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

const readBody = async (
  request: IncomingMessage,
): Promise<Pick<OpenaiCall, 'fields' | 'files'>> => {
  const type = request.headers['content-type'] ?? ''
  const body = new Response(Readable.toWeb(request) as ReadableStream, {
    headers: { 'content-type': type },
  })
  if (!type.startsWith('multipart/')) {
    return { fields: (await body.json()) as Record<string, unknown>, files: [] }
  }
  const form = await body.formData()
  const fields: Record<string, unknown> = {}
  const files: OpenaiCall['files'] = []
  for (const [field, value] of form) {
    if (typeof value === 'string') fields[field] = value
    else files.push({ field, bytes: await value.bytes(), mimeType: value.type })
  }
  return { fields, files }
}
