import type { IncomingMessage, ServerResponse } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import { errorOf } from './gemini-answers.ts'

/** A request that was handed on, as it arrived. */
export type PassedCall = {
  method: string
  url: string
  apiKey: string | undefined
  headers: IncomingMessage['headers']
  body: string
  /** True once the client went away without the whole answer. */
  isAbandoned: boolean
}

export const TEXT_MODEL = 'gemini-3-flash'

/** What the stand-in's text model counts. */
export const textUsage = {
  promptTokenCount: 1_000,
  candidatesTokenCount: 2_000,
  totalTokenCount: 3_000,
}

const chunkOf = (text: string, isLast: boolean) => ({
  candidates: [
    {
      content: { role: 'model', parts: [{ text }] },
      index: 0,
      ...(isLast && { finishReason: 'STOP' }),
    },
  ],
  ...(isLast && { usageMetadata: textUsage }),
  modelVersion: TEXT_MODEL,
})

const PATHS = [
  /^\/v1(beta)?\/models$/,
  /^\/v1(beta)?\/models\/[\w.-]+:(countTokens|streamGenerateContent)$/,
  new RegExp(`^/v1(beta)?/models/${TEXT_MODEL}:generateContent$`),
]

/** What of Google's API is handed on: text, streams of it, counts of tokens, the list of models. */
export const createPassStandIn = (isKnown: (apiKey: string) => boolean) => {
  const calls: PassedCall[] = []
  let usage: object = textUsage
  let refusal: { status: number; body: object } | undefined
  let holding: Promise<void> | undefined
  let release = () => {}

  /** From now on a stream pauses behind its first chunk, and anything else before its answer, until the result is called. */
  const hold = (): (() => void) => {
    holding = new Promise((resolve) => {
      release = resolve
    })
    return release
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const { method = '', url = '', headers } = request
    const [path = '', query = ''] = url.split('?')
    if (!PATHS.some((pattern) => pattern.test(path))) return false
    const key = headers['x-goog-api-key']
    const call: PassedCall = {
      method,
      url,
      apiKey: typeof key === 'string' ? key : undefined,
      headers,
      body: await readText(request),
      isAbandoned: false,
    }
    calls.push(call)
    response.once('close', () => {
      call.isAbandoned = !response.writableFinished
      release()
    })
    const send = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    if (!isKnown(String(key))) send(400, errorOf(400, 'INVALID_ARGUMENT', 'API key not valid.'))
    else if (refusal) send(refusal.status, refusal.body)
    else if (method === 'GET') send(200, { models: [{ name: `models/${TEXT_MODEL}` }] })
    else if (path.endsWith(':countTokens')) send(200, { totalTokens: 7 })
    else if (query.includes('alt=sse')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify(chunkOf('One ', false))}\r\n\r\n`)
      await holding
      if (!response.destroyed) response.end(`data: ${JSON.stringify(chunkOf('two', true))}\r\n\r\n`)
    } else {
      await holding
      const whole = { ...chunkOf('Words', true), usageMetadata: usage }
      if (!response.destroyed) send(200, path.endsWith(':streamGenerateContent') ? [whole] : whole)
    }
    return true
  }

  return {
    answer,
    calls: calls as readonly PassedCall[],
    hold,
    /** From now on answers say that they counted this. */
    count: (next: object) => {
      usage = next
    },
    /** From now on every call is refused so. */
    refuse: (next: typeof refusal) => {
      refusal = next
    },
    reset: () => {
      release()
      holding = undefined
      refusal = undefined
      usage = textUsage
      calls.length = 0
    },
  }
}
