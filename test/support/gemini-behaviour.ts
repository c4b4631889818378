import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { answerOf, makeImage, usageMetadata } from './gemini-answers.ts'
import { failureOf, type GeminiFailure } from './gemini-failures.ts'
import type { GeminiCall } from './gemini-server.ts'

/** What the stand-in does with one request. */
export type GeminiBehaviour =
  | GeminiFailure
  /**
   * `number` says whose colour it has (see `colourOf`); that of the call unless given. `served`: the tier that the header names, which
   * is the one that was asked for unless given; false: none is named.
   */
  | {
      kind: 'image'
      number?: number
      usage?: object | false
      finishReason?: string
      served?: string | false
    }
  /** Drafts marked as thoughts, then the image, then another one that is none either. */
  | { kind: 'image_with_drafts' }
  | { kind: 'delay'; ms: number; then?: GeminiBehaviour }
  | { kind: 'prompt_blocked'; reason?: string }
  | { kind: 'finish'; finishReason: string; parts?: 'none' | 'image' }
  | { kind: 'text_only' }
  | { kind: 'empty' }
  | { kind: 'drafts_only' }
  | { kind: 'not_an_image' }
  /** Never answers. */
  | { kind: 'hang' }
  /** Headers and half of the body, then nothing. */
  | { kind: 'stalled_body' }
  | { kind: 'slow_body'; bytesPerSecond: number }
  | { kind: 'reset_before_response' }
  | { kind: 'reset_mid_body' }
  | { kind: 'garbage_body' }
  /** Any status and JSON. */
  | { kind: 'raw'; status: number; json: unknown }
  /** One after the other, the last for all that follow. */
  | { kind: 'sequence'; steps: readonly GeminiBehaviour[] }

type Wire = { response: ServerResponse; call: GeminiCall; signal: AbortSignal; place: number }

/** Acts on one request. `place` counts the calls since the behaviour was set; `signal` ends every wait. */
export const perform = async (behaviour: GeminiBehaviour, wire: Wire): Promise<void> => {
  const { response, call } = wire
  const send = (status: number, json: unknown) => sendText(response, status, JSON.stringify(json))
  const sendParts = async (
    options: { finishReason?: string; usage?: object | false } = {},
    number = call.number,
  ) => send(200, answerOf([await makeImage(number, call.body)], options))
  switch (behaviour.kind) {
    case 'sequence': {
      const step = behaviour.steps[Math.min(wire.place, behaviour.steps.length - 1)]
      return perform(step ?? { kind: 'image' }, wire)
    }
    case 'delay':
      await delay(behaviour.ms, undefined, { signal: wire.signal })
      return perform(behaviour.then ?? { kind: 'image' }, wire)
    case 'image': {
      const { usage = usageMetadata, finishReason = 'STOP', number, served } = behaviour
      sayTier(wire, served ?? (call.tier !== 'standard' && call.tier))
      return sendParts({ finishReason, usage }, number)
    }
    case 'image_with_drafts': {
      const other = await makeImage(call.number + 1_000, call.body)
      const draft = { ...(await makeImage(call.number + 2_000, call.body)), thought: true }
      const image = await makeImage(call.number, call.body)
      const drafts = [{ text: 'Thinking', thought: true }, draft]
      return send(200, answerOf([...drafts, { text: 'Here it is' }, image, other, draft]))
    }
    case 'drafts_only':
      return send(200, answerOf([{ ...(await makeImage(call.number, call.body)), thought: true }]))
    case 'prompt_blocked':
      return send(200, {
        promptFeedback: { blockReason: behaviour.reason ?? 'PROHIBITED_CONTENT' },
        usageMetadata: { promptTokenCount: 12, totalTokenCount: 12 },
      })
    case 'finish': {
      const { finishReason, parts } = behaviour
      return parts === 'image'
        ? sendParts({ finishReason })
        : send(200, answerOf([], { finishReason }))
    }
    case 'text_only':
      return send(200, answerOf([{ text: `I can't draw "${call.prompt}".` }]))
    case 'empty':
      return send(200, { usageMetadata: { promptTokenCount: 12, totalTokenCount: 12 } })
    case 'not_an_image': {
      const data = Buffer.from('this is not an image').toString('base64')
      return send(200, answerOf([{ inlineData: { mimeType: 'image/png', data } }]))
    }
    case 'raw':
      return send(behaviour.status, behaviour.json)
    case 'garbage_body':
      return sendText(response, 200, '{"candidates": [{"content": <html>')
    case 'hang':
      return
    case 'stalled_body':
    case 'slow_body':
    case 'reset_mid_body':
      return sendPartly(behaviour, wire)
    case 'reset_before_response':
      response.socket?.resetAndDestroy()
      return
    default:
      return send(...failureOf(behaviour, call))
  }
}

/** As the Gemini API says which tier has served. */
const sayTier = ({ response }: Pick<Wire, 'response'>, served: string | false): void => {
  if (served) response.setHeader('x-gemini-service-tier', served)
}

const sendText = (response: ServerResponse, status: number, text: string) => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(text)
}

type Partly = Extract<GeminiBehaviour, { kind: 'stalled_body' | 'slow_body' | 'reset_mid_body' }>

const sendPartly = async (behaviour: Partly, { response, call, signal }: Wire): Promise<void> => {
  const body = Buffer.from(JSON.stringify(answerOf([await makeImage(call.number, call.body)])))
  const half = Math.floor(body.length / 2)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  if (behaviour.kind === 'slow_body') {
    const chunk = Math.max(1, Math.floor(behaviour.bytesPerSecond / 20))
    for (let sent = 0; sent < body.length; sent += chunk) {
      response.write(body.subarray(sent, sent + chunk))
      await delay(50, undefined, { signal })
    }
    response.end()
    return
  }
  response.write(body.subarray(0, half), () => {
    if (behaviour.kind === 'reset_mid_body') response.socket?.resetAndDestroy()
  })
}
