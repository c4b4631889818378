import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { answerOf, retryInfo } from '../support/gemini-answers.ts'
import type { GeminiBehaviour } from '../support/gemini-behaviour.ts'
import { aRequest, createTestProvider, failureOf, KEY, PROMPT } from '../support/gemini-provider.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'

let server: GeminiServer

beforeAll(async () => {
  server = await startGeminiServer({ apiKey: KEY })
})
afterEach(() => server.reset())
afterAll(() => server.close())

const call = () => createTestProvider(server).call(aRequest, new AbortController().signal)

type Expected = { code: string; message: RegExp; retryAfterMs?: number; retryable: boolean }

const again = { retryable: true }
const final = { retryable: false }
const outcomes: [GeminiBehaviour, Expected][] = [
  [
    { kind: 'rate_limited', retryDelay: '27s', quotaId: 'RequestsPerMinute' },
    {
      code: 'rate_limited',
      message: /quota.*429, RequestsPerMinute/,
      retryAfterMs: 27_000,
      ...again,
    },
  ],
  [
    { kind: 'rate_limited', retryDelay: '1.25s' },
    { code: 'rate_limited', message: /429/, retryAfterMs: 1_250, ...again },
  ],
  [
    { kind: 'rate_limited', retryDelay: '0s' },
    { code: 'rate_limited', message: /429/, retryAfterMs: 1_000, ...again },
  ],
  [
    { kind: 'rate_limited' },
    { code: 'rate_limited', message: /429/, retryAfterMs: 30_000, ...again },
  ],
  [{ kind: 'overloaded' }, { code: 'overloaded', message: /503/, ...again }],
  [
    { kind: 'server_error', message: 'The model is overloaded. Please try again later.' },
    { code: 'overloaded', message: /500/, ...again },
  ],
  [
    { kind: 'server_error', message: 'Failed on "The model is overloaded".' },
    { code: 'ambiguous', message: /500/, ...again },
  ],
  [{ kind: 'server_error' }, { code: 'ambiguous', message: /500/, ...again }],
  [{ kind: 'bad_gateway' }, { code: 'ambiguous', message: /502/, ...again }],
  [{ kind: 'gateway_timeout' }, { code: 'ambiguous', message: /504/, ...again }],
  [{ kind: 'garbage_body' }, { code: 'ambiguous', message: /answer/, ...again }],
  [
    { kind: 'raw', status: 200, json: null },
    { code: 'ambiguous', message: /answer/, ...again },
  ],
  [
    { kind: 'raw', status: 200, json: ['a'] },
    { code: 'ambiguous', message: /answer/, ...again },
  ],
  [
    { kind: 'raw', status: 499, json: {} },
    { code: 'ambiguous', message: /499/, ...again },
  ],
  [{ kind: 'reset_before_response' }, { code: 'ambiguous', message: /broke/, ...again }],
  [{ kind: 'reset_mid_body' }, { code: 'ambiguous', message: /broke/, ...again }],
  [
    { kind: 'prompt_blocked', reason: 'BLOCKLIST' },
    { code: 'refused_prompt', message: /BLOCKLIST/, ...final },
  ],
  ...[
    'SAFETY',
    'IMAGE_SAFETY',
    'PROHIBITED_CONTENT',
    'IMAGE_PROHIBITED_CONTENT',
    'RECITATION',
    'IMAGE_RECITATION',
    'BLOCKLIST',
    'SPII',
  ].map((finishReason): [GeminiBehaviour, Expected] => [
    { kind: 'finish', finishReason },
    { code: 'refused_image', message: new RegExp(finishReason), ...final },
  ]),
  [
    { kind: 'finish', finishReason: 'IMAGE_SAFETY', parts: 'image' },
    { code: 'refused_image', message: /IMAGE_SAFETY/, ...final },
  ],
  ...['NO_IMAGE', 'MAX_TOKENS', 'OTHER', 'IMAGE_OTHER', 'LANGUAGE', 'MALFORMED_FUNCTION_CALL'].map(
    (finishReason): [GeminiBehaviour, Expected] => [
      { kind: 'finish', finishReason },
      { code: 'no_image', message: new RegExp(finishReason), ...again },
    ],
  ),
  [
    { kind: 'text_only' },
    {
      code: 'no_image',
      message: /with text instead of an image \(STOP\): “I can't draw "…"\.”/,
      ...again,
    },
  ],
  [{ kind: 'drafts_only' }, { code: 'no_image', message: /without an image/, ...again }],
  [{ kind: 'empty' }, { code: 'no_image', message: /no reason given/, ...again }],
  [
    { kind: 'finish', finishReason: `for ${PROMPT}` },
    { code: 'no_image', message: /unknown reason/, ...again },
  ],
  ...(
    [
      [{ code: 503, message: PROMPT }, 'overloaded', /503/],
      [{ code: '503' }, 'overloaded', /503/],
      [{ code: 14, status: 'UNAVAILABLE' }, 'overloaded', /503/],
      [{ code: 'UNAVAILABLE' }, 'overloaded', /503/],
      [{ code: 500, message: 'The model is overloaded.' }, 'overloaded', /500/],
      [{ code: 500, message: 'Internal' }, 'ambiguous', /500/],
      [{ code: 504 }, 'ambiguous', /504/],
      [{ code: 404 }, 'model_gone', /404/],
      [{ code: 403 }, 'unauthorized', /403/],
      [{ code: 400, message: 'API key not valid.' }, 'unauthorized', /400/],
      [{ code: 400 }, 'invalid_request', /400/],
      // What nobody knows the meaning of came with a 200, and may be on the bill.
      [{ code: 'constructor' }, 'ambiguous', /200/],
      [{ code: 77 }, 'ambiguous', /200/],
      // PERMISSION_DENIED, by its number in gRPC.
      [{ code: 7 }, 'unauthorized', /403/],
      [{ message: 'no' }, 'ambiguous', /200/],
      ['boom', 'ambiguous', /200/],
    ] as const
  ).map(([error, code, message]): [GeminiBehaviour, Expected] => [
    { kind: 'raw', status: 200, json: { error } },
    { code, message, retryable: ['overloaded', 'ambiguous'].includes(code) },
  ]),
  [
    { kind: 'raw', status: 200, json: { error: { code: 429, details: [retryInfo('27s')] } } },
    { code: 'rate_limited', message: /429/, retryAfterMs: 27_000, ...again },
  ],
  [
    { kind: 'raw', status: 200, json: { error: null } },
    { code: 'no_image', message: /no reason given/, ...again },
  ],
  [{ kind: 'bad_request' }, { code: 'invalid_request', message: /400/, ...final }],
  [
    { kind: 'bad_request', field: 'generation_config.image_config.image_size' },
    { code: 'invalid_request', message: /generation_config\.image_config\.image_size/, ...final },
  ],
  [
    { kind: 'raw', status: 413, json: {} },
    { code: 'invalid_request', message: /413/, ...final },
  ],
  [{ kind: 'key_invalid' }, { code: 'unauthorized', message: /API_KEY_INVALID/, ...final }],
  [
    { kind: 'raw', status: 400, json: { error: { message: 'User location is not supported.' } } },
    { code: 'unauthorized', message: /400/, ...final },
  ],
  [
    { kind: 'raw', status: 401, json: {} },
    { code: 'unauthorized', message: /401/, ...final },
  ],
  [{ kind: 'forbidden' }, { code: 'unauthorized', message: /CONSUMER_SUSPENDED/, ...final }],
  [{ kind: 'not_found' }, { code: 'model_gone', message: /gemini-nano-banana-2\.1/, ...final }],
]

describe('an answer without an image', () => {
  test.each(outcomes)('%j is typed, and asked for once', async (behaviour, expected) => {
    server.behave(behaviour)
    const error = await failureOf(call())
    expect({
      code: error.code,
      retryable: error.retryable,
      retryAfterMs: error.retryAfterMs,
    }).toEqual({
      code: expected.code,
      retryable: expected.retryable,
      retryAfterMs: expected.retryAfterMs,
    })
    expect(error.message).toMatch(expected.message)
    expect(error.message).not.toContain(PROMPT)
    expect(error.message).not.toContain(KEY)
    expect(server.countCalls()).toBe(1)
  })
})

describe("a model's words", () => {
  const speak = (text: string, usage: object = {}) =>
    server.behave({ kind: 'raw', status: 200, json: { ...answerOf([{ text }]), ...usage } })

  test('are in the message, on one line, as long as a person reads', async () => {
    speak(`I am sorry:\u0000\nhalf \ud83d of a pair. ${'x'.repeat(300)} the end`)
    const { message } = await failureOf(call())
    expect(message).toMatch(/: “I am sorry: half \ufffd of a pair\. x{270}…”$/)
  })

  test('cost what they cost, whether they are counted by kind or not', async () => {
    const counted = { promptTokenCount: 100, candidatesTokenCount: 900 }
    speak('No.', { usageMetadata: counted })
    expect((await failureOf(call())).costNanoUsd).toBe(6_900_000)
    const candidatesTokensDetails = [{ modality: 'TEXT', tokenCount: 900 }]
    speak('No.', { usageMetadata: { ...counted, candidatesTokensDetails } })
    expect((await failureOf(call())).costNanoUsd).toBe(6_900_000)
  })
})
