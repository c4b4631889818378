import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createProviderBreaker } from '../../src/adapters/providers/breaker.ts'
import { AppError, ProviderError, type ProviderErrorCode } from '../../src/lib/errors.ts'

const RESET_MS = 30_000
const WINDOW_MS = 240_000
const FAILURES = 10

let told: boolean[]
let guard: ReturnType<typeof createProviderBreaker>

beforeEach(() => {
  jest.useFakeTimers()
  told = []
  guard = createProviderBreaker({
    failures: FAILURES,
    windowMs: WINDOW_MS,
    resetMs: RESET_MS,
    onChange: (isOpen) => told.push(isOpen),
  })
})
afterEach(() => void jest.useRealTimers())

const of = { provider: 'gemini' as const }

type Call = { owner?: string; prompt?: string; model?: string; account?: string }
type Said = ProviderErrorCode | 'image'

/** What became of a call: what the provider said, or `kept back` without one. */
const call = async (
  said: Said,
  { owner = 'alice', prompt = 'p', model = 'm', account }: Call = {},
) => {
  const fingerprint = `${owner} ${prompt}`
  const subject = { ...of, model, ownerId: owner, fingerprint, upstreamAccount: account ?? null }
  let isSent = false
  try {
    await guard(subject, async () => {
      isSent = true
      if (said !== 'image') throw new ProviderError(said, said)
    })
  } catch (error) {
    if (isSent) return said
    if (error instanceof AppError && error.code === 'provider_unavailable') return 'kept back'
    throw error
  }
  return said
}

/** So many prompts of each of these owners, each asked for several times. */
const failFor = async (owners: string[], prompts: number, times = 1) => {
  for (let n = 0; n < prompts * times; n++) {
    for (const owner of owners) await call('ambiguous', { owner, prompt: `p${n % prompts}` })
  }
}

const ten = Array.from({ length: 10 }, (_, n) => `owner ${n}`)

describe('one owner’s prompts that the provider always answers with 500', () => {
  test('stop nobody, however often they are tried', async () => {
    await failFor(['mallory'], 5, 6)
    for (const owner of ten) expect(await call('image', { owner })).toBe('image')
    expect(await call('image', { owner: 'mallory', prompt: 'good' })).toBe('image')
    expect(told).toEqual([])
  })

  test('stop that owner at last, and no other', async () => {
    await call('image', { owner: 'alice' })
    await failFor(['mallory'], FAILURES)
    expect(await call('image', { owner: 'mallory', prompt: 'another' })).toBe('kept back')
    // Until the model answers others, it may be down.
    expect(told).toEqual([true])
    for (const owner of ten) expect(await call('image', { owner })).toBe('image')
    expect(told).toEqual([true, false])
    expect(await call('image', { owner: 'mallory', prompt: 'a third' })).toBe('kept back')
  })

  test('are not enough of them where most of that owner’s are answered', async () => {
    for (let n = 0; n < 30; n++) await call('image', { owner: 'mallory', prompt: `good ${n}` })
    await failFor(['mallory'], FAILURES + 5)
    expect(await call('image', { owner: 'mallory', prompt: 'another' })).toBe('image')
  })

  test('and of two owners stop no third', async () => {
    await failFor(['mallory', 'mallet'], FAILURES * 2)
    for (const owner of ten) expect(await call('image', { owner })).toBe('image')
  })

  test('nor do they where few of many owners have them', async () => {
    for (const owner of ten) await call('image', { owner })
    await failFor(['mallory', 'mallet', 'mallow'], FAILURES)
    expect(await call('image', { owner: 'alice' })).toBe('image')
  })
})

describe('an outage', () => {
  test('is known by several owners and prompts, and keeps everyone back', async () => {
    await failFor(['alice', 'bob', 'carol'], 3)
    expect(await call('image', { owner: 'dave' })).toBe('image')
    await failFor(['alice', 'bob', 'carol'], 4)
    expect(await call('image', { owner: 'dave' })).toBe('kept back')
    expect(told).toEqual([true])
  })

  test('is known where there is only one owner, too', async () => {
    await failFor(['app'], FAILURES)
    expect(await call('image', { owner: 'app', prompt: 'another' })).toBe('kept back')
    expect(told).toEqual([true])
  })

  test('of one model stops no other', async () => {
    await failFor(['alice', 'bob', 'carol'], 4)
    expect(await call('image', { owner: 'alice', prompt: 'new' })).toBe('kept back')
    expect(await call('image', { owner: 'alice', prompt: 'new', model: 'other' })).toBe('image')
  })

  test('is no outage where it was long ago', async () => {
    await failFor(['alice', 'bob'], 5)
    jest.advanceTimersByTime(WINDOW_MS + 1)
    await failFor(['carol', 'dave'], 5)
    expect(await call('image', { owner: 'erin' })).toBe('image')
  })

  test.each<[ProviderErrorCode, string]>([
    ['overloaded', 'kept back'],
    ['timeout', 'kept back'],
    ['ambiguous', 'kept back'],
    ['rate_limited', 'image'],
    ['refused_prompt', 'image'],
    ['invalid_request', 'image'],
    ['no_image', 'image'],
  ])('is told by %s: %s', async (said, then) => {
    for (let n = 0; n < FAILURES; n++) await call(said, { prompt: `p${n}` })
    expect(await call('image', { prompt: 'another' })).toBe(then)
  })

  test('says when to come again, and is not told by what we ended ourselves', async () => {
    await failFor(['app'], FAILURES)
    jest.advanceTimersByTime(10_000)
    const subject = { ...of, model: 'm', ownerId: 'app', fingerprint: 'another' }
    await expect(guard(subject, async () => {})).rejects.toMatchObject({
      ...{ code: 'provider_unavailable', retryable: true, retryAfterMs: RESET_MS - 10_000 },
    })
    for (let n = 0; n < FAILURES; n++) {
      const own = { ...of, model: 'other', ownerId: 'app', fingerprint: `p${n}` }
      const interrupted = guard(own, () => Promise.reject(new Error('shutdown')))
      await expect(interrupted).rejects.toThrow('shutdown')
    }
    expect(await call('image', { owner: 'app', model: 'other' })).toBe('image')
  })
})

test('what calls with a caller’s own key meet keeps back that key’s alone, and is told to nobody', async () => {
  for (let n = 0; n < FAILURES * 2; n++) {
    for (const owner of ['alice', 'bob', 'carol']) {
      await call('ambiguous', { owner, prompt: `p${n}`, account: 'caller:1' })
    }
  }
  expect(await call('image', { owner: 'dave', account: 'caller:1' })).toBe('kept back')
  expect(await call('image', { owner: 'dave', account: 'caller:2' })).toBe('image')
  expect(await call('image', { owner: 'alice' })).toBe('image')
  expect(told).toEqual([])
})

describe('a model that is down', () => {
  beforeEach(() => failFor(['alice', 'bob', 'carol'], 4))

  test('is tried by three owners a period, of whom one that is answered ends it', async () => {
    jest.advanceTimersByTime(RESET_MS)
    expect(await call('ambiguous', { owner: 'alice' })).toBe('ambiguous')
    expect(await call('image', { owner: 'alice', prompt: 'another' })).toBe('kept back')
    expect(await call('ambiguous', { owner: 'bob' })).toBe('ambiguous')
    expect(await call('ambiguous', { owner: 'carol' })).toBe('ambiguous')
    expect(await call('image', { owner: 'dave' })).toBe('kept back')
    jest.advanceTimersByTime(RESET_MS)
    expect(await call('ambiguous', { owner: 'alice' })).toBe('ambiguous')
    expect(await call('image', { owner: 'dave' })).toBe('image')
    for (const owner of ['alice', 'bob', ...ten])
      expect(await call('image', { owner })).toBe('image')
    expect(told).toEqual([true, false])
  })

  test('is known to be on trial by the calls that try it', async () => {
    const trials: boolean[] = []
    const subject = (owner: string) => ({ ...of, model: 'm', ownerId: owner, fingerprint: owner })
    jest.advanceTimersByTime(RESET_MS)
    await guard(subject('dave'), async (isTrial) => void trials.push(isTrial))
    await guard(subject('dave'), async (isTrial) => void trials.push(isTrial))
    expect(trials).toEqual([true, false])
  })
})
