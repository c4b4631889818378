import { createHash, createPublicKey, verify } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { ZodError } from 'zod'
import type { ProblemToPresent } from '../../src/adapters/http/problem.ts'
import { describeFailure } from '../../src/features/gateway/fal/failure.ts'
import { findModel } from '../../src/features/gateway/fal/find-model.ts'
import { parseInput } from '../../src/features/gateway/fal/input.ts'
import { presentProblem } from '../../src/features/gateway/fal/present-problem.ts'
import { formatRequestId, parseRequestId } from '../../src/features/gateway/fal/request-id.ts'
import { createFalSigner } from '../../src/features/gateway/fal/signing.ts'
import { describeStatus } from '../../src/features/gateway/fal/status.ts'
import { findOwnAddress } from '../../src/features/gateway/fal/target.ts'
import { REQUEST_RETRY_WAITS_MS } from '../../src/features/webhooks/requests/deliver-request.ts'
import type { GenerationWithImage } from '../../src/generation/state/repository.ts'
import { createRequest } from '../support/http-doubles.ts'

const ID = `g_${'0'.repeat(40)}`
const OTHER = `g_${'1'.repeat(40)}`

describe('the id of a request', () => {
  test.each([
    { generationIds: [ID] },
    { generationIds: [ID, OTHER, ID, OTHER] },
    { generationIds: [ID, OTHER], outputFormat: 'webp' as const },
  ])('%j says all that there is to know of it', (request) => {
    expect(parseRequestId(formatRequestId(request))).toEqual(request)
  })

  test.each([
    '',
    '.',
    'jpeg',
    `${ID}.gif`,
    `${ID}.${ID}.${ID}.${ID}.${ID}`,
    `${ID}x`,
    `${ID}..png`,
  ])('%j is none', (text) => expect(parseRequestId(text)).toBeUndefined())
})

const model = {
  aspectRatios: ['1:1', '3:4', '4:3', '9:16', '16:9', '21:9'],
  priceUsd: { '1K': 0.04, '2K': 0.06 },
} as const

describe('an input', () => {
  const read = (input: object) => parseInput({ prompt: 'a fox', ...input }, model)

  test('says in our words what can be said in them, and the rest is ignored', () => {
    const input = {
      num_images: 3,
      seed: 7,
      negative_prompt: 'snow',
      aspect_ratio: '16:9',
      resolution: '2K',
      output_format: 'jpg',
      image_url: 'data:image/png;base64,AA==',
      image_urls: ['https://a.example/1.png'],
      enable_safety_checker: true,
      guidance_scale: 3.5,
    }
    expect(read(input)).toEqual({
      wanted: {
        ...{ prompt: 'a fox', seed: 7, negativePrompt: 'snow' },
        ...{ aspectRatio: '16:9', imageSize: '2K' },
      },
      count: 3,
      outputFormat: 'jpeg',
      imageUrls: ['data:image/png;base64,AA==', 'https://a.example/1.png'],
    })
  })

  test('leaves what is null, auto or empty to the model', () => {
    const input = { num_images: null, seed: null, aspect_ratio: 'auto', image_size: 'auto' }
    expect(read({ ...input, negative_prompt: '', resolution: null, mask_url: null })).toEqual({
      wanted: { prompt: 'a fox' },
      ...{ count: 1, outputFormat: undefined, imageUrls: [] },
    })
  })

  test.each<[unknown, object]>([
    ['square_hd', { aspectRatio: '1:1' }],
    ['portrait_4_3', { aspectRatio: '3:4' }],
    ['landscape_16_9', { aspectRatio: '16:9' }],
    [
      { width: 2560, height: 1080 },
      { aspectRatio: '21:9', imageSize: '2K' },
    ],
    [
      { width: 4096, height: 4096 },
      { aspectRatio: '1:1', imageSize: '2K' },
    ],
    ['1024x1820', { aspectRatio: '9:16', imageSize: '2K' }],
    ['auto_2K', { imageSize: '2K' }],
  ])('of the size %j has the nearest that the model makes', (size, expected) => {
    expect(read({ image_size: size }).wanted).toEqual({ prompt: 'a fox', ...expected })
  })

  test('that says its ratio and resolution means those, whatever its size', () => {
    const input = {
      image_size: { width: 4_000, height: 100 },
      aspect_ratio: '1:1',
      resolution: '1K',
    }
    expect(read(input).wanted).toEqual({ prompt: 'a fox', aspectRatio: '1:1', imageSize: '1K' })
  })

  test.each<[string, object]>([
    ['prompt', { prompt: 7 }],
    ['num_images', { num_images: 5 }],
    ['num_images', { num_images: 0 }],
    ['aspect_ratio', { aspect_ratio: '7:5' }],
    ['image_size', { image_size: 'huge' }],
    ['image_size', { image_size: { width: 0, height: 1 } }],
    ['image_size', { image_size: 'portrait_0_0' }],
    ['resolution', { resolution: '8K' }],
    ['output_format', { output_format: 'gif' }],
    ['image_urls', { image_urls: 'one' }],
    ['mask_url', { mask_url: 'https://a.example/mask.png' }],
  ])('is refused by its field %s as in %j', (field, input) => {
    try {
      read(input)
      throw new Error('was not refused')
    } catch (error) {
      if (!(error instanceof ZodError)) throw error
      expect(error.issues.map(({ path }) => path[0])).toEqual([field])
    }
  })
})

describe('an endpoint', () => {
  const models = [{ name: 'gemini-nano-banana-2.1' }, { name: 'gemini-3-pro-image' }]
  test.each([
    ['fal-ai/nano-banana-2.1/edit', 'gemini-nano-banana-2.1'],
    ['google/gemini-3-pro-image-preview', 'gemini-3-pro-image'],
    ['fal-ai/nano-banana-pro', 'gemini-3-pro-image'],
    ['fal-ai/nano-banana', undefined],
    ['fal-ai/flux/dev', undefined],
  ])('%s means the model %s', (endpoint, name) => {
    expect(findModel(endpoint.split('/'), models)).toBe(name)
  })
})

describe('an address of fal’s', () => {
  test.each([
    ['https://queue.fal.run/fal-ai/x/edit?fal_webhook=y', '/fal/fal-ai/x/edit?fal_webhook=y'],
    ['https://fal.run/fal-ai/x', '/fal/run/fal-ai/x'],
    ['https://queue.fal.run/../../api/keys', '/fal/api/keys'],
    ['http://queue.fal.run/fal-ai/x', undefined],
    ['https://queue.fal.run:8443/fal-ai/x', undefined],
    ['https://rest.fal.ai/storage/upload/initiate', undefined],
    ['https://queue.fal.run.evil.example/fal-ai/x', undefined],
    ['https://user@evil.example/fal.run', undefined],
    ['/fal-ai/x', undefined],
    ['', undefined],
  ])('%j is %s here', (target, own) => expect(findOwnAddress(target)).toBe(own))
})

describe('a problem', () => {
  const present = (problem: Partial<ProblemToPresent>) =>
    presentProblem(
      {
        ...{ title: 'No', status: 400, detail: 'all of it', code: 'invalid_request' },
        ...{ retryable: false, requestId: 'r_1', retryAfterMs: undefined },
        ...problem,
      },
      createRequest({}),
    )

  test('of the input is a list of what is wrong where, in fal’s names', () => {
    const errors = [
      { pointer: '/prompt', detail: 'is required' },
      { pointer: '/conditionImages/2', detail: 'is no picture' },
      { pointer: '?fal_webhook', detail: 'must be a URL' },
      { pointer: '', detail: 'is no object' },
    ]
    expect(present({ errors })).toMatchObject({
      status: 422,
      headers: { 'x-fal-request-id': 'r_1' },
      body: {
        detail: [
          { loc: ['body', 'prompt'], msg: 'is required', type: 'missing' },
          { loc: ['body', 'image_urls', 2], msg: 'is no picture', type: 'value_error' },
          { loc: ['query', 'fal_webhook'], msg: 'must be a URL', type: 'value_error' },
          { loc: ['body'], msg: 'is no object', type: 'value_error' },
        ],
      },
    })
  })

  test.each([
    [401, 'unauthenticated', 401],
    [404, 'not_found', 404],
    [429, 'rate_limited', 429],
    [429, 'budget_exceeded', 403],
    [503, 'unavailable', 503],
  ] as const)('of the status %d and the code %s is a %d with a text', (status, code, shown) => {
    expect(present({ status, code })).toMatchObject({
      status: shown,
      body: { detail: 'all of it', message: 'all of it' },
    })
  })
})

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 1, 0, 0, seconds))
const row = (fields: Partial<GenerationWithImage>) =>
  ({
    ...{ id: ID, model: 'm', status: 'queued', errorCode: null, errorMessage: null },
    ...{ startedAt: null, finishedAt: null },
    ...fields,
  }) as GenerationWithImage
const succeeded = row({ status: 'succeeded', startedAt: at(1), finishedAt: at(4) })
const refused = row({
  ...{ status: 'failed', errorCode: 'refused_prompt', errorMessage: 'not that' },
  ...{ startedAt: at(2), finishedAt: at(3) },
})

describe('the status of a request', () => {
  const urls = { response_url: 'r', status_url: 's', cancel_url: 'c' }
  const status = (rows: GenerationWithImage[], showsLogs = false) =>
    describeStatus(rows, { requestId: 'q', urls, showsLogs, positions: [2, undefined, 5] })

  test('waits for all, runs with the first, and ends with the last', () => {
    expect(status([row({}), row({})])).toEqual({
      ...{ status: 'IN_QUEUE', request_id: 'q', ...urls, queue_position: 5 },
    })
    expect(status([succeeded, row({})])).toMatchObject({ status: 'IN_PROGRESS' })
    expect(status([row({ status: 'running' })])).toMatchObject({ status: 'IN_PROGRESS' })
    expect(status([succeeded, refused])).toEqual({
      ...{ status: 'COMPLETED', request_id: 'q', ...urls, metrics: { inference_time: 3 } },
    })
    expect(status([refused])).toMatchObject({
      ...{ status: 'COMPLETED', error: 'not that', error_type: 'content_policy_violation' },
    })
  })

  test('tells in its log what has happened, in order', () => {
    const { logs } = status([succeeded, refused], true)
    expect(logs?.map(({ level, message }) => `${level} ${message}`)).toEqual([
      ...['INFO Making an image with m', 'INFO Making an image with m'],
      ...['ERROR not that', 'INFO The image is there'],
    ])
  })
})

describe('what became of a request without a picture', () => {
  test.each([
    ['refused_prompt', 422],
    ['refused_image', 422],
    ['no_image', 422],
    ['overloaded', 500],
    ['timeout', 500],
    ['rate_limited', 500],
    ['deadline_exceeded', 500],
  ])('by %s is a %d: never one that a client sends again', (errorCode, status) => {
    expect(describeFailure(row({ status: 'failed', errorCode })).status).toBe(status)
  })
})

describe('a webhook’s signature', () => {
  const secrets = ['first secret', 'second secret'] as const
  const told = { requestId: 'q', userId: 'alice', at: at(7), body: '{"status":"OK"}' }

  /** As fal's documentation has it. */
  const isValid = (jwk: object, headers: Record<string, string>, body: string) => {
    const message = [
      headers['x-fal-webhook-request-id'],
      headers['x-fal-webhook-user-id'],
      headers['x-fal-webhook-timestamp'],
      createHash('sha256').update(body).digest('hex'),
    ].join('\n')
    const signature = Buffer.from(headers['x-fal-webhook-signature'] ?? '', 'hex')
    const key = createPublicKey({ key: jwk as never, format: 'jwk' })
    return verify(null, Buffer.from(message), key, signature)
  }

  test('is the first secret’s, and its key is told beside those of the others', () => {
    const signer = createFalSigner(secrets)
    const headers = signer.signWebhook(told)
    const verdicts = signer.jwks.keys.map((jwk) => isValid(jwk, headers, told.body))
    expect(verdicts).toEqual([true, false])
    expect(isValid(signer.jwks.keys[0] ?? {}, headers, `${told.body} `)).toBe(false)
    expect(createFalSigner([secrets[0]]).signWebhook(told)).toEqual(headers)
  })

  test('is made with a key of which only the public part is told', () => {
    const { keys } = createFalSigner(secrets).jwks
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
    }
  })
})

test('a webhook is tried ten times within two hours', () => {
  const MOST_JITTER = 1.2
  const sumMs = REQUEST_RETRY_WAITS_MS.reduce((sum, waitMs) => sum + waitMs, 0) * MOST_JITTER
  expect(REQUEST_RETRY_WAITS_MS).toHaveLength(9)
  expect(sumMs + 10 * 15_000).toBeLessThanOrEqual(2 * 60 * 60_000)
})
