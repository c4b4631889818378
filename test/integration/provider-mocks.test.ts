import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Provider, ProviderRequest } from '../../src/generation/ports.ts'
import { aRequest, createTestProvider, failureOf, PROMPT } from '../support/gemini-provider.ts'
import { makePng } from '../support/pictures.ts'
import { createTestOpenai } from '../support/provider-subjects.ts'
import { describeWhen } from '../support/skip.ts'

/* The providers against a mock that others wrote, as it comes from npm: it agrees with us by no mistake of ours. */

const MOCK = ['@copilotkit', 'aimock'].join('/')
const HOME = new URL(`../conformance/node_modules/${MOCK}/`, import.meta.url)
const isInstalled = existsSync(HOME)

type Fixture = { match: object; response: object; chaos?: object }
type Mock = {
  addFixture: (fixture: Fixture) => unknown
  clearFixtures: () => unknown
  getRequests: () => { path: string; response: { status: number } }[]
  clearRequests: () => unknown
  start: () => Promise<string>
  stop: () => Promise<void>
}

describeWhen(
  isInstalled,
  'the mock is not installed: npm ci --prefix test/conformance',
  'a mock of others',
  () => {
    let mock: Mock
    let png: string
    let providers: Record<'gemini' | 'openai', Provider>
    beforeAll(async () => {
      const { LLMock } = (await import(new URL('dist/index.js', HOME).href)) as {
        LLMock: new (options: object) => Mock
      }
      mock = new LLMock({ port: 0, logLevel: 'silent' })
      const url = await mock.start()
      png = (await makePng()).toString('base64')
      providers = {
        gemini: createTestProvider({ url }),
        openai: createTestOpenai({ url: `${url}/v1` }),
      }
    })
    afterAll(() => mock?.stop())

    /** It has pictures of OpenAI's, and of Gemini's any bytes with their kind. */
    const pictures = {
      gemini: () => ({ audio: { b64Json: png, contentType: 'image/png' } }),
      openai: () => ({ images: [{ b64Json: png }] }),
    }

    const answer = (name: 'gemini' | 'openai', response: object, chaos?: object) => {
      mock.clearFixtures()
      mock.clearRequests()
      const match = name === 'openai' ? { endpoint: 'image' } : {}
      mock.addFixture({ match, response, ...(chaos && { chaos }) })
    }

    const call = (name: 'gemini' | 'openai', request: Partial<ProviderRequest> = {}) =>
      providers[name].call(
        { ...aRequest, model: providers[name].defaultModel, ...request },
        new AbortController().signal,
      )

    const both = ['gemini', 'openai'] as const

    test.each(both)('%s makes and edits an image with one request each', async (name) => {
      answer(name, pictures[name]())
      const image = { bytes: Buffer.from(png, 'base64'), mimeType: 'image/png' as const }
      for (const conditionImages of [[], [image]]) {
        const { bytes, costNanoUsd } = await call(name, { conditionImages })
        expect(Buffer.from(bytes).toString('base64')).toBe(png)
        expect(costNanoUsd).toBeGreaterThan(0)
      }
      expect(mock.getRequests().map(({ path }) => path)).toEqual(
        name === 'openai'
          ? ['/v1/images/generations', '/v1/images/edits']
          : Array(2).fill('/v1beta/models/gemini-nano-banana-2.1:generateContent'),
      )
    })

    const error = (status: number, code: string) => ({
      error: { message: `No: ${PROMPT}`, type: code, code },
      status,
    })

    test.each<[string, 'gemini' | 'openai', object, object | undefined, string]>(
      both.flatMap((name): [string, typeof name, object, object | undefined, string][] => [
        [`${name}: overloaded`, name, error(503, 'UNAVAILABLE'), undefined, 'overloaded'],
        [`${name}: failed`, name, error(500, 'INTERNAL'), undefined, 'ambiguous'],
        [`${name}: no such model`, name, error(404, 'NOT_FOUND'), undefined, 'model_gone'],
        [`${name}: no`, name, error(401, 'UNAUTHENTICATED'), undefined, 'unauthorized'],
        [`${name}: wrong`, name, error(400, 'INVALID_ARGUMENT'), undefined, 'invalid_request'],
        [
          `${name}: limited`,
          name,
          { ...error(429, 'x'), retryAfter: 27 },
          undefined,
          'rate_limited',
        ],
        [`${name}: half JSON`, name, pictures.openai(), { malformedRate: 1 }, 'ambiguous'],
        [`${name}: cut off`, name, pictures.openai(), { disconnectRate: 1 }, 'ambiguous'],
      ]),
    )('%s', async (_what, name, response, chaos, code) => {
      answer(name, response, chaos)
      const failure = await failureOf(call(name))
      expect(failure.code).toBe(code)
      expect(failure.message).not.toContain(PROMPT)
      expect(mock.getRequests()).toHaveLength(1)
    })

    test('says when to come again, and is heard', async () => {
      answer('openai', { ...error(429, 'rate_limit_exceeded'), retryAfter: 27 })
      expect((await failureOf(call('openai'))).retryAfterMs).toBe(27_000)
    })

    test.each(both)('that answers %s without an image is not taken for one', async (name) => {
      answer(name, name === 'gemini' ? { content: 'I can not draw.' } : { images: [] })
      expect((await failureOf(call(name))).code).toBe('no_image')
    })
  },
)
