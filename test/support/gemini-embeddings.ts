import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { errorInfo, errorOf } from './gemini-answers.ts'

/** One request for vectors, as it arrived. */
export type EmbedCall = {
  model: string
  texts: string[]
  apiKey: string | undefined
  /** The body's requests; that of one text is the body itself. */
  requests: EmbedRequest[]
}

type EmbedRequest = {
  content: { parts: { text: string }[] }
  taskType?: string
  outputDimensionality?: number
}

/** What the stand-in does in place of answering. Its errors repeat the texts, as Google may. */
export type EmbedFailure = { status: number } | 'hang' | 'reset' | 'garbage' | 'other_dimensions'

const PATH = /^\/v1beta\/models\/([^/:]+):(embedContent|batchEmbedContents)$/
const MODEL_DIMENSIONS = 3072

/** Google's API for vectors of texts as far as it is used: texts that share words are near each other. */
export const createEmbedStandIn = (apiKey: string) => {
  const calls: EmbedCall[] = []
  let failure: EmbedFailure | undefined

  /** False for a request that is none for vectors. */
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const [, model, verb] = PATH.exec(request.url ?? '') ?? []
    if (request.method !== 'POST' || !model) return false
    const body = (await json(request)) as EmbedRequest & { requests: EmbedRequest[] }
    const call = record(model, request, verb === 'embedContent' ? [body] : body.requests)
    const send = (status: number, answered: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answered))
    }
    if (call.apiKey !== apiKey) {
      send(
        400,
        errorOf(400, 'INVALID_ARGUMENT', 'API key not valid.', [errorInfo('API_KEY_INVALID')]),
      )
    } else if (failure === 'reset') response.socket?.resetAndDestroy()
    else if (failure === 'garbage') response.end('{"embedding": {"values": <html>')
    else if (typeof failure === 'object') {
      send(failure.status, errorOf(failure.status, 'TROUBLE', `Can't embed: ${call.texts.join()}`))
    } else if (failure !== 'hang') {
      const more = failure === 'other_dimensions' ? 1 : 0
      const embeddings = call.requests.map((each) => ({
        values: hashWords(textOf(each), (each.outputDimensionality ?? MODEL_DIMENSIONS) + more),
      }))
      send(200, verb === 'embedContent' ? { embedding: embeddings[0] } : { embeddings })
    }
    return true
  }

  const record = (model: string, request: IncomingMessage, requests: EmbedRequest[]): EmbedCall => {
    const key = request.headers['x-goog-api-key']
    const texts = requests.map(textOf)
    const call = { model, texts, apiKey: typeof key === 'string' ? key : undefined, requests }
    calls.push(call)
    return call
  }

  return {
    answer,
    /** Every request so far, the refused ones too. */
    calls: calls as readonly EmbedCall[],
    /** How often this text was sent. */
    countTexts: (text: string) =>
      calls.flatMap(({ texts }) => texts).filter((t) => t === text).length,
    /** From now on; undefined answers again. */
    fail: (next: EmbedFailure | undefined) => {
      failure = next
    },
    reset: () => {
      calls.length = 0
      failure = undefined
    },
  }
}

const textOf = ({ content }: EmbedRequest): string =>
  content.parts.map(({ text }) => text).join('\n')

/** How many times each word is there, by its hash; not of length 1, as Google's are not. */
const hashWords = (text: string, dimensions: number): number[] => {
  const vector = new Array<number>(dimensions).fill(0)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]) {
    const place = createHash('sha256').update(word).digest().readUInt32LE() % dimensions
    vector[place] = (vector[place] ?? 0) + 1
  }
  return vector
}
