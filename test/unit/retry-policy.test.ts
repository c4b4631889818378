import { describe, expect, test } from '@jest/globals'
import { outcomeRules } from '../../src/generation/run/outcomes.ts'
import { decideRetryDelay, describePause } from '../../src/generation/run/retry-policy.ts'
import {
  AppError,
  type AppErrorOptions,
  type ErrorCode,
  ProviderError,
  type ProviderErrorCode,
} from '../../src/lib/errors.ts'

const BACKOFF_MS = 1_000
const MAX_BACKOFF_MS = 30_000
const fresh = { attempts: 1, paidCalls: 1, ambiguousCalls: 0 }

type Given = {
  lane?: 'interactive' | 'eager'
  claims?: number
  spent?: typeof fresh | undefined
}

const decide = (failure: AppError, { lane = 'interactive', claims = 1, ...given }: Given = {}) => {
  const spent = 'spent' in given ? given.spent : fresh
  const deps = { retryBackoffMs: BACKOFF_MS, readSpent: async () => spent }
  return decideRetryDelay(deps, { lane, claims }, failure)
}

const providers = (code: ProviderErrorCode, options?: AppErrorOptions) =>
  new ProviderError(code, 'no image', options)
const ours = (code: ErrorCode, retryable: boolean, options: AppErrorOptions = {}) =>
  new AppError(code, 'no image', { retryable, ...options })

/** Decides often, since the wait is left to chance, and gives the longest. */
const longest = async (decideOnce: () => Promise<number | undefined>) => {
  const waits = await Promise.all(Array.from({ length: 300 }, decideOnce))
  for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(0)
  return Math.max(...waits.map(Number))
}

describe('what the provider says decides what follows', () => {
  // biome-ignore format: a table
  const table: [ProviderErrorCode, { mayHaveCharged: boolean; isTriedAgain: boolean; retryable: boolean }][] = [
    ['rate_limited',    { mayHaveCharged: false, isTriedAgain: true,  retryable: true }],
    ['overloaded',      { mayHaveCharged: false, isTriedAgain: true,  retryable: true }],
    ['timeout',         { mayHaveCharged: true,  isTriedAgain: true,  retryable: true }],
    ['ambiguous',       { mayHaveCharged: true,  isTriedAgain: true,  retryable: true }],
    ['no_image',        { mayHaveCharged: true,  isTriedAgain: false, retryable: true }],
    ['refused_image',   { mayHaveCharged: true,  isTriedAgain: false, retryable: false }],
    ['refused_prompt',  { mayHaveCharged: false, isTriedAgain: false, retryable: false }],
    ['invalid_request', { mayHaveCharged: false, isTriedAgain: false, retryable: false }],
    ['unauthorized',    { mayHaveCharged: false, isTriedAgain: false, retryable: false }],
    ['model_gone',      { mayHaveCharged: false, isTriedAgain: false, retryable: false }],
  ]

  test.each(table)('%s: %j', async (code, { mayHaveCharged, isTriedAgain, retryable }) => {
    expect(outcomeRules[code]).toMatchObject({ mayHaveCharged, retryable })
    const wait = await decide(providers(code))
    expect(wait === undefined ? 'never' : 'again').toBe(isTriedAgain ? 'again' : 'never')
  })

  test('and every outcome has its line', () => {
    expect(table.map(([code]) => code).sort()).toEqual(Object.keys(outcomeRules).sort())
  })

  test('a limit is waited out for as long as was said', async () => {
    expect(await decide(providers('rate_limited', { retryAfterMs: 27_000 }))).toBe(27_000)
    expect(await decide(providers('overloaded', { retryAfterMs: 99_000 }))).toBeLessThan(
      BACKOFF_MS * 4,
    )
  })
})

describe('nothing is tried again that would cost too much', () => {
  test.each([
    [{ attempts: 1, paidCalls: 2, ambiguousCalls: 0 }, true],
    [{ attempts: 1, paidCalls: 3, ambiguousCalls: 0 }, false],
    [{ attempts: 1, paidCalls: 1, ambiguousCalls: 1 }, true],
    [{ attempts: 1, paidCalls: 2, ambiguousCalls: 1 }, false],
    [{ attempts: 5, paidCalls: 0, ambiguousCalls: 0 }, true],
    [{ attempts: 6, paidCalls: 0, ambiguousCalls: 0 }, false],
    [undefined, false],
  ])('after %j: %s', async (spent, isTriedAgain) => {
    for (const code of ['overloaded', 'timeout', 'rate_limited'] as const) {
      const failure = providers(code, { retryAfterMs: 10 })
      expect((await decide(failure, { spent })) !== undefined).toBe(isTriedAgain)
    }
  })
})

describe('what is our own trouble', () => {
  test.each<[string, AppError, Given, boolean]>([
    ['a store that is away, however often', ours('unavailable', true), { claims: 99 }, true],
    ['a bug, a few times', ours('internal', true), { claims: 5 }, true],
    ['a bug, and no more', ours('internal', true), { claims: 6 }, false],
    ['what can’t end well', ours('condition_image_gone', false), {}, false],
    ['an input that ends its workers', ours('worker_lost', true), {}, false],
    ['what has cost its share', ours('attempts_exhausted', true), {}, false],
    ['a provider that is down, for a person', ours('provider_unavailable', true), {}, false],
    [
      'a provider that is down, for nobody',
      ours('provider_unavailable', true),
      { lane: 'eager' },
      true,
    ],
  ])('%s', async (_name, failure, given, isTriedAgain) => {
    expect((await decide(failure, given)) !== undefined).toBe(isTriedAgain)
  })

  test('and nobody waits for the provider in step', async () => {
    const failure = ours('provider_unavailable', true, { retryAfterMs: 5_000 })
    const wait = await longest(() => decide(failure, { lane: 'eager' }))
    expect(wait).toBeGreaterThan(5_000)
    expect(wait).toBeLessThanOrEqual(10_000)
  })
})

describe('the wait', () => {
  test.each([1, 2, 3, 4, 5])('after %i tries is at most doubled so often', async (tries) => {
    const bound = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** tries)
    const byCalls = { spent: { ...fresh, attempts: tries } }
    const byClaims = { claims: tries }
    for (const wait of [
      await longest(() => decide(providers('overloaded'), byCalls)),
      await longest(() => decide(ours('internal', true), byClaims)),
    ]) {
      expect(wait).toBeLessThanOrEqual(bound)
      expect(wait).toBeGreaterThan(bound / 2)
    }
  })

  test('is never longer than half a minute', async () => {
    const wait = await longest(() => decide(ours('unavailable', true), { claims: 5_000 }))
    expect(wait).toBeLessThanOrEqual(MAX_BACKOFF_MS)
  })
})

describe('a limit of the provider holds for every generation', () => {
  test.each<[AppError, object]>([
    [providers('rate_limited', { retryAfterMs: 27_000 }), { pauseMs: 27_000 }],
    [providers('rate_limited', { retryAfterMs: 86_400_000 }), { pauseMs: 60_000 }],
    [providers('rate_limited'), {}],
    [providers('overloaded', { retryAfterMs: 27_000 }), {}],
  ])('%s: %j', (failure, pause) => {
    expect(describePause(failure)).toEqual(pause)
  })
})
