import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import sharp from 'sharp'
import { colourOf } from './gemini-answers.ts'
import type { OpenaiCall } from './openai-server.ts'

/** What the stand-in does with one request. */
export type OpenaiBehaviour =
  /** `number` says whose colour the first has (see `colourOf`); that of the call unless given. `more` is what else is in the body. */
  | { kind: 'image'; count?: number; number?: number; usage?: unknown; more?: object }
  /** The pictures are at addresses: of this server, or those that are given. */
  | { kind: 'image_by_url'; urls?: string[] }
  | { kind: 'empty'; usage?: unknown }
  | { kind: 'prompt_blocked'; code?: string }
  | { kind: 'image_blocked' }
  | { kind: 'rate_limited'; headers?: Record<string, string>; code?: string; message?: string }
  | { kind: 'error'; status: number; code?: string; param?: string }
  | { kind: 'redirect'; to: string }
  /** Never answers. */
  | { kind: 'hang' }
  /** Headers and half of the body, then nothing. */
  | { kind: 'stalled_body' }
  | { kind: 'reset_before_response' }
  | { kind: 'reset_mid_body' }
  | { kind: 'garbage_body' }
  | { kind: 'delay'; ms: number; then?: OpenaiBehaviour }
  /** Any status and JSON. */
  | { kind: 'raw'; status: number; json: unknown; headers?: Record<string, string> }

type Wire = { response: ServerResponse; call: OpenaiCall; signal: AbortSignal; origin: string }

/** What OpenAI counts for a square of 1K in medium quality. */
export const openaiUsage = {
  total_tokens: 1_768,
  input_tokens: 12,
  output_tokens: 1_756,
  input_tokens_details: { text_tokens: 12, image_tokens: 0 },
  output_tokens_details: { text_tokens: 0, image_tokens: 1_756 },
}

export const makePicture = (number: number): Promise<Buffer> =>
  sharp({ create: { width: 64, height: 64, channels: 3, background: colourOf(number) } })
    .png()
    .toBuffer()

export const openaiErrorOf = (code: string | undefined, message: string, more: object = {}) => ({
  error: { message, type: 'image_generation_user_error', param: null, code: code ?? null, ...more },
})

/** Acts on one request; `signal` ends every wait. OpenAI's messages repeat parts of the request, so these do too. */
export const performOpenai = async (behaviour: OpenaiBehaviour, wire: Wire): Promise<void> => {
  const { response, call, origin } = wire
  const send = (status: number, json: unknown, headers: Record<string, string> = {}) => {
    const known = { 'content-type': 'application/json', 'x-request-id': `req_${call.number}` }
    response.writeHead(status, { ...known, ...headers })
    response.end(typeof json === 'string' ? json : JSON.stringify(json))
  }
  switch (behaviour.kind) {
    case 'delay':
      await delay(behaviour.ms, undefined, { signal: wire.signal })
      return performOpenai(behaviour.then ?? { kind: 'image' }, wire)
    case 'image':
      return send(200, await describePictures(behaviour, call))
    case 'image_by_url': {
      const urls = behaviour.urls ?? [`${origin}/pictures/${call.number}`]
      return send(200, { created: 1_790_000_000, data: urls.map((url) => ({ url })) })
    }
    case 'empty':
      return send(200, { created: 1_790_000_000, data: [], usage: behaviour.usage })
    case 'prompt_blocked': {
      const code = behaviour.code ?? 'moderation_blocked'
      const moderation_details = { moderation_stage: 'input', categories: ['sexual'] }
      return send(
        400,
        openaiErrorOf(code, `"${call.prompt}" was rejected.`, { moderation_details }),
      )
    }
    case 'image_blocked': {
      const moderation_details = { moderation_stage: 'output', categories: ['violence'] }
      return send(400, openaiErrorOf('moderation_blocked', call.prompt, { moderation_details }))
    }
    case 'rate_limited': {
      const { headers, code = 'rate_limit_exceeded', message = 'Rate limit reached.' } = behaviour
      return send(429, openaiErrorOf(code, message), headers)
    }
    case 'error': {
      const { status, code, param } = behaviour
      return send(status, openaiErrorOf(code, `No: ${call.prompt}`, param ? { param } : {}))
    }
    case 'redirect':
      return send(307, '', { location: behaviour.to })
    case 'raw':
      return send(behaviour.status, behaviour.json, behaviour.headers)
    case 'garbage_body':
      return send(200, '{"data": [{"b64_json": <html>')
    case 'hang':
      return
    case 'reset_before_response':
      response.socket?.resetAndDestroy()
      return
    case 'stalled_body':
    case 'reset_mid_body': {
      const text = JSON.stringify(await describePictures({ kind: 'image' }, call))
      response.writeHead(200, { 'content-length': text.length })
      response.write(text.slice(0, text.length / 2), () => {
        if (behaviour.kind === 'reset_mid_body') response.socket?.resetAndDestroy()
      })
    }
  }
}

const describePictures = async (
  behaviour: Extract<OpenaiBehaviour, { kind: 'image' }>,
  call: OpenaiCall,
) => {
  const { count = 1, number = call.number, usage = openaiUsage, more = {} } = behaviour
  const numbers = Array.from({ length: count }, (_, at) => number + 1_000 * at)
  const pictures = await Promise.all(numbers.map(makePicture))
  return {
    created: 1_790_000_000,
    data: pictures.map((picture) => ({ b64_json: picture.toString('base64') })),
    usage,
    ...more,
  }
}
