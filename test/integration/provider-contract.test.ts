import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { modelInfoSchema } from '../../src/contract/server-info.ts'
import type { Provider, ProviderRequest } from '../../src/generation/ports.ts'
import { judgeFailure, outcomeRules } from '../../src/generation/run/outcomes.ts'
import type { ProviderErrorCode } from '../../src/lib/errors.ts'
import { toUsd } from '../../src/lib/money.ts'
import { findFreePort } from '../support/free-port.ts'
import { aRequest, failureOf, KEY, PROMPT } from '../support/gemini-provider.ts'
import { makePng } from '../support/pictures.ts'
import {
  SITUATIONS,
  type Situation,
  type Subject,
  startGeminiSubject,
  startLocalSubject,
  startOpenaiSubject,
} from '../support/provider-subjects.ts'

/* What every provider promises (`Provider` in src/generation/ports.ts), whatever API is behind it. */

const SHORT_MS = 300
const HELD_NANO_USD = 500_000_000

type Failing = Exclude<
  Situation,
  'image' | 'several_images' | 'nonsense_usage' | 'no_usage' | 'no_credit'
>

/** What each situation is called, how long it is to be waited for, and whether it needs a short deadline. */
const failures: Record<Failing, { code: ProviderErrorCode; waitMs?: number; isSlow?: true }> = {
  refused_prompt: { code: 'refused_prompt' },
  refused_image: { code: 'refused_image' },
  no_image: { code: 'no_image' },
  limited_for_27_s: { code: 'rate_limited', waitMs: 27_000 },
  limited: { code: 'rate_limited', waitMs: 30_000 },
  overloaded: { code: 'overloaded' },
  server_error: { code: 'ambiguous' },
  bad_gateway: { code: 'ambiguous' },
  gateway_timeout: { code: 'ambiguous' },
  error_in_a_200: { code: 'rate_limited', waitMs: 27_000 },
  invalid_request: { code: 'invalid_request' },
  key_refused: { code: 'unauthorized' },
  model_gone: { code: 'model_gone' },
  redirect: { code: 'overloaded' },
  hang: { code: 'timeout', isSlow: true },
  stalled_body: { code: 'timeout', isSlow: true },
  reset_before_response: { code: 'ambiguous' },
  reset_mid_body: { code: 'ambiguous' },
  garbage_body: { code: 'ambiguous' },
}

const subjects = {
  gemini: startGeminiSubject,
  openai: startOpenaiSubject,
  local: startLocalSubject,
}
const remote = ['gemini', 'openai'] as const

describe.each(Object.keys(subjects) as (keyof typeof subjects)[])('the provider %s', (name) => {
  let subject: Subject
  let provider: Provider
  beforeAll(async () => {
    subject = await subjects[name]()
    provider = subject.create()
  })
  afterEach(() => subject.reset())
  afterAll(() => subject.close())

  const call = (
    request: Partial<ProviderRequest> = {},
    signal = new AbortController().signal,
    by = provider,
  ) => by.call({ ...aRequest, model: subject.model, ...request }, signal)

  test('says whose it is, what it offers and what that costs, and gives no key away', () => {
    const { models, defaultModel, account } = provider
    expect(provider.name).toBe(name)
    expect(models[0]?.name).toBe(defaultModel)
    for (const model of models) {
      expect(modelInfoSchema.strict().parse(model)).toEqual(model)
      expect(model.provider).toBe(name)
      for (const [size, priceUsd] of Object.entries(model.priceUsd)) {
        expect(toUsd(provider.estimateNanoUsd(model.name, size as '1K'))).toBe(priceUsd)
        expect(priceUsd > 0).toBe(name !== 'local')
      }
    }
    expect(account).not.toContain(KEY)
  })

  test('makes one image with one request at most, and says what it cost', async () => {
    const { bytes, others = [], costNanoUsd } = await call()
    expect((await sharp(bytes).metadata()).format).toMatch(/png|webp/)
    expect(others).toEqual([])
    expect(costNanoUsd > 0).toBe(name !== 'local')
    expect(subject.countCalls()).toBe(name === 'local' ? 0 : 1)
  })

  test('makes one after others that are given', async () => {
    const image = { bytes: await makePng(), mimeType: 'image/png' as const }
    const conditionImages = [image, image]
    for (const transformation of ['generate', 'enhance'] as const) {
      const { bytes } = await call({ conditionImages, transformation, aspectRatio: '3:2' })
      expect((await sharp(bytes).metadata()).width).toBeGreaterThan(0)
    }
  })

  test('sends nothing once it is given up', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(call({}, signal)).rejects.toThrow('enough')
    expect(subject.countCalls()).toBe(0)
  })

  test('is given up with the reason, and cuts the call off', async () => {
    await subject.say('hang')
    const giveUp = new AbortController()
    const rejected = expect(call({}, giveUp.signal)).rejects.toThrow('enough')
    await subject.waitForCall()
    giveUp.abort(new Error('enough'))
    await rejected
    await subject.waitForAbandoned()
  })

  if (name === 'local') return

  test('keeps all pictures that are in an answer, in their order', async () => {
    await subject.say('several_images')
    const { bytes, others = [] } = await call()
    expect(others).toHaveLength(1)
    expect(Buffer.compare(bytes, others[0] ?? bytes)).not.toBe(0)
  })

  test.each(['no_usage', 'nonsense_usage'] as const)(
    'prices an image by the list where its tokens are not counted: %s',
    async (situation) => {
      await subject.say(situation)
      const { costNanoUsd, receipt } = await call()
      const listNanoUsd = provider.estimateNanoUsd(subject.model, '1K')
      expect(receipt?.basis).toBe('listed')
      expect(toUsd(costNanoUsd)).toBeCloseTo(toUsd(listNanoUsd), 2)
    },
  )

  test.each(Object.entries(failures) as [Failing, (typeof failures)[Failing]][])(
    'types what goes wrong, once and for all: %s',
    async (situation, { code, waitMs, isSlow }) => {
      await subject.say(situation)
      const by = isSlow ? subject.create({ timeoutMs: SHORT_MS }) : provider
      const failure = await failureOf(call({}, undefined, by))
      expect(failure.code).toBe(code)
      expect(failure.retryable).toBe(outcomeRules[code].retryable)
      expect(failure.retryAfterMs).toBe(waitMs)
      for (const secret of [PROMPT, KEY]) expect(failure.message).not.toContain(secret)
      expect(subject.countCalls()).toBe(1)
      const { mayHaveCharged, costNanoUsd } = judgeFailure(failure, HELD_NANO_USD)
      expect(mayHaveCharged).toBe(outcomeRules[code].mayHaveCharged)
      if (!mayHaveCharged) expect(costNanoUsd).toBeLessThan(1_000_000)
    },
  )

  test('waits long where the account has no credit', async () => {
    await subject.say('no_credit')
    const failure = await failureOf(call())
    expect(failure).toMatchObject({ code: 'rate_limited', retryable: true })
  })

  test('is free where nobody is there', async () => {
    const by = subject.create({ baseUrl: `http://127.0.0.1:${await findFreePort()}` })
    const failure = await failureOf(call({}, undefined, by))
    expect(failure.code).toBe('overloaded')
    expect(judgeFailure(failure, HELD_NANO_USD)).toMatchObject({
      ...{ mayHaveCharged: false, costNanoUsd: 0 },
    })
  })
})

test('every situation is asked of every provider that can meet it', () => {
  const asked = [...Object.keys(failures), 'image', 'several_images', 'nonsense_usage', 'no_usage']
  expect([...asked, 'no_credit'].sort()).toEqual([...SITUATIONS].sort())
  expect(Object.keys(subjects).filter((name) => name !== 'local')).toEqual([...remote])
})
