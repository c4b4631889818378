import { createLocalProvider } from '../../src/adapters/providers/local.ts'
import { createOpenaiProvider } from '../../src/adapters/providers/openai.ts'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import type { Provider } from '../../src/generation/ports.ts'
import { answerOf, makeImage, retryInfo } from './gemini-answers.ts'
import type { GeminiBehaviour } from './gemini-behaviour.ts'
import { createTestProvider, KEY } from './gemini-provider.ts'
import { type GeminiServer, startGeminiServer } from './gemini-server.ts'
import { type OpenaiBehaviour, openaiErrorOf } from './openai-behaviour.ts'
import { type OpenaiServer, startOpenaiServer } from './openai-server.ts'

/** What a server may say to a call, whichever API it speaks. */
export const SITUATIONS = [
  'image',
  'several_images',
  'nonsense_usage',
  'no_usage',
  'refused_prompt',
  'refused_image',
  'no_image',
  'limited_for_27_s',
  'limited',
  'overloaded',
  'server_error',
  'bad_gateway',
  'gateway_timeout',
  'error_in_a_200',
  'invalid_request',
  'key_refused',
  'no_credit',
  'model_gone',
  'redirect',
  'hang',
  'stalled_body',
  'reset_before_response',
  'reset_mid_body',
  'garbage_body',
] as const
export type Situation = (typeof SITUATIONS)[number]

type Overrides = { baseUrl?: string; timeoutMs?: number }

/** A provider with a stand-in behind it. */
export type Subject = {
  model: string
  create: (overrides?: Overrides) => Provider
  say: (situation: Situation) => Promise<void>
  countCalls: () => number
  waitForCall: () => Promise<unknown>
  /** Resolves once the client of the first call went away. */
  waitForAbandoned: () => Promise<unknown>
  reset: () => void
  close: () => Promise<void>
}

const NONSENSE = { promptTokenCount: -5, candidatesTokenCount: 'many', input_tokens: 'x' }

const toGemini = async (situation: Situation): Promise<GeminiBehaviour> => {
  switch (situation) {
    case 'image':
      return { kind: 'image' }
    case 'several_images':
      return { kind: 'image_with_drafts' }
    case 'nonsense_usage':
      return { kind: 'image', usage: NONSENSE }
    case 'no_usage':
      return { kind: 'image', usage: false }
    case 'refused_prompt':
      return { kind: 'prompt_blocked' }
    case 'refused_image':
      return { kind: 'finish', finishReason: 'IMAGE_SAFETY' }
    case 'no_image':
      return { kind: 'text_only' }
    case 'limited_for_27_s':
      return { kind: 'rate_limited', retryDelay: '27s' }
    case 'limited':
    case 'no_credit':
      return { kind: 'rate_limited' }
    case 'error_in_a_200': {
      const error = { code: 429, message: 'quota', details: [retryInfo('27s')] }
      return { kind: 'raw', status: 200, json: { error } }
    }
    case 'invalid_request':
      return { kind: 'bad_request' }
    case 'key_refused':
      return { kind: 'forbidden' }
    case 'model_gone':
      return { kind: 'not_found' }
    case 'redirect':
      return { kind: 'raw', status: 307, json: answerOf([await makeImage(1, { contents: [] })]) }
    default:
      return { kind: situation }
  }
}

const toOpenai = (situation: Situation): OpenaiBehaviour => {
  switch (situation) {
    case 'image':
      return { kind: 'image' }
    case 'several_images':
      return { kind: 'image', count: 2 }
    case 'nonsense_usage':
      return { kind: 'image', usage: { ...NONSENSE, output_tokens: -1, cost: 'free' } }
    case 'no_usage':
      return { kind: 'image', usage: null }
    case 'refused_prompt':
      return { kind: 'prompt_blocked' }
    case 'refused_image':
      return { kind: 'image_blocked' }
    case 'no_image':
      return { kind: 'empty' }
    case 'limited_for_27_s':
      return { kind: 'rate_limited', headers: { 'retry-after': '27' } }
    case 'limited':
      return { kind: 'rate_limited' }
    case 'no_credit':
      return { kind: 'rate_limited', code: 'insufficient_quota' }
    case 'overloaded':
      return { kind: 'error', status: 503 }
    case 'server_error':
      return { kind: 'error', status: 500 }
    case 'bad_gateway':
      return { kind: 'error', status: 502 }
    case 'gateway_timeout':
      return { kind: 'error', status: 504 }
    case 'error_in_a_200': {
      const error = { code: 429, message: 'Please try again in 27s.' }
      return { kind: 'raw', status: 200, json: { error } }
    }
    case 'invalid_request':
      return { kind: 'error', status: 400, code: 'invalid_value', param: 'size' }
    case 'key_refused':
      return { kind: 'raw', status: 401, json: openaiErrorOf('invalid_api_key', 'no') }
    case 'model_gone':
      return { kind: 'error', status: 404, code: 'model_not_found' }
    case 'redirect':
      return { kind: 'redirect', to: '/v1/images/generations' }
    default:
      return { kind: situation }
  }
}

export const startGeminiSubject = async (): Promise<Subject> => {
  const server: GeminiServer = await startGeminiServer({ apiKey: KEY })
  return {
    model: 'gemini-nano-banana-2.1',
    create: (overrides) => createTestProvider(server, overrides),
    say: async (situation) => server.behave(await toGemini(situation)),
    countCalls: server.countCalls,
    waitForCall: () => server.waitForCall(),
    waitForAbandoned: () => server.waitForCall(({ abandoned }) => abandoned),
    reset: server.reset,
    close: server.close,
  }
}

export const createTestOpenai = (
  { url }: Pick<OpenaiServer, 'url'>,
  overrides: Partial<Parameters<typeof createOpenaiProvider>[0]> = {},
): Provider =>
  createOpenaiProvider({
    apiKey: KEY,
    models: ['gpt-image-2'],
    baseUrl: url,
    timeoutMs: 10_000,
    prices: builtInPrices,
    isPrivateAllowed: false,
    ...overrides,
  })

export const startOpenaiSubject = async (): Promise<Subject> => {
  const server: OpenaiServer = await startOpenaiServer({ apiKey: KEY })
  return {
    model: 'gpt-image-2',
    create: (overrides) => createTestOpenai(server, overrides),
    say: async (situation) => server.behave(toOpenai(situation)),
    countCalls: server.countCalls,
    waitForCall: () => server.waitForCall(),
    waitForAbandoned: () => server.waitForCall(({ abandoned }) => abandoned),
    reset: server.reset,
    close: server.close,
  }
}

/** Nobody is asked, so nobody says anything. */
export const startLocalSubject = async (): Promise<Subject> => ({
  model: 'local-renderer-1',
  create: createLocalProvider,
  say: async () => {},
  countCalls: () => 0,
  waitForCall: async () => {},
  waitForAbandoned: async () => {},
  reset: () => {},
  close: async () => {},
})
