import { describe, expect, test } from '@jest/globals'
import { outcomeRules } from '../../src/generation/run/outcomes.ts'
import { decideRetryDelay, limitMsOf } from '../../src/generation/run/retry-policy.ts'
import {
  AppError,
  type AppErrorOptions,
  type ErrorCode,
  ProviderError,
  type ProviderErrorCode,
} from '../../src/lib/errors.ts'

const BACKOFF_MS = 1_000
const MAX_BACKOFF_MS = 30_000
const HOUR_MS = 3_600_000
const fresh = { attempts: 1, paidCalls: 1, ambiguousCalls: 0, upstreamAccount: null }
const asOf = new Date('2026-11-22T12:00:00Z')

type Given = {
  lane?: 'interactive' | 'eager'
  claims?: number
  spent?: Omit<typeof fresh, 'upstreamAccount'> & { upstreamAccount?: string | null }
  /** Until the deadline. */
  leftMs?: number
  callMs?: number
}

const decide = (failure: AppError, given: Given = {}) => {
  const { lane = 'interactive', claims = 1, spent = fresh, leftMs = 24 * HOUR_MS } = given
  const deadlineAt = new Date(asOf.getTime() + leftMs)
  const deps = { retryBackoffMs: BACKOFF_MS, callMs: given.callMs ?? 0 }
  return decideRetryDelay(deps, { ...fresh, ...spent, lane, claims, asOf, deadlineAt }, failure)
}

const providers = (code: ProviderErrorCode, options?: AppErrorOptions) =>
  new ProviderError(code, 'no image', options)
const ours = (code: ErrorCode, retryable: boolean, options: AppErrorOptions = {}) =>
  new AppError(code, 'no image', { retryable, ...options })

/** Decides often, since the wait is left to chance, and gives the longest. */
const longest = (decideOnce: () => number | undefined) => {
  const waits = Array.from({ length: 300 }, decideOnce)
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

  test.each(table)('%s: %j', (code, { mayHaveCharged, isTriedAgain, retryable }) => {
    expect(outcomeRules[code]).toMatchObject({ mayHaveCharged, retryable })
    const wait = decide(providers(code))
    expect(wait === undefined ? 'never' : 'again').toBe(isTriedAgain ? 'again' : 'never')
  })

  test('and every outcome has its line', () => {
    expect(table.map(([code]) => code).sort()).toEqual(Object.keys(outcomeRules).sort())
  })

  test('a limit is waited out for as long as was said', () => {
    expect(decide(providers('rate_limited', { retryAfterMs: 27_000 }))).toBe(27_000)
    expect(decide(providers('overloaded', { retryAfterMs: 99_000 }))).toBeLessThan(BACKOFF_MS * 4)
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
  ])('after %j: %s', (spent, isTriedAgain) => {
    for (const code of ['overloaded', 'timeout', 'rate_limited'] as const) {
      const failure = providers(code, { retryAfterMs: 10 })
      expect(decide(failure, { spent }) !== undefined).toBe(isTriedAgain)
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
    ['what has had its time', ours('deadline_exceeded', true), {}, false],
    ['a provider that is down', ours('provider_unavailable', true), { claims: 99 }, true],
    ['a limit that another met', ours('rate_limited', true), { claims: 99 }, true],
  ])('%s', (_name, failure, given, isTriedAgain) => {
    expect(decide(failure, given) !== undefined).toBe(isTriedAgain)
  })

  test.each([
    ['interactive', 6_250],
    ['eager', 25_000],
  ] as const)('and nobody waits for the provider in step: %s', (lane, most) => {
    const failure = ours('provider_unavailable', true, { retryAfterMs: 5_000 })
    const wait = longest(() => decide(failure, { lane }))
    expect(wait).toBeGreaterThan(5_000)
    expect(wait).toBeLessThanOrEqual(most)
  })
})

describe('the wait', () => {
  test.each([1, 2, 3, 4, 5])('after %i tries is at most doubled so often', (tries) => {
    const bound = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** tries)
    const byCalls = { spent: { ...fresh, attempts: tries } }
    const byClaims = { claims: tries }
    for (const wait of [
      longest(() => decide(providers('overloaded'), byCalls)),
      longest(() => decide(ours('internal', true), byClaims)),
    ]) {
      expect(wait).toBeLessThanOrEqual(bound)
      expect(wait).toBeGreaterThan(bound / 2)
    }
  })

  test('is never longer than half a minute', () => {
    const wait = longest(() => decide(ours('unavailable', true), { claims: 5_000 }))
    expect(wait).toBeLessThanOrEqual(MAX_BACKOFF_MS)
  })
})

describe('however long the provider asks for,', () => {
  const DAYS_MS = 999_999_999_000

  test.each([
    ['interactive', 60_000],
    ['eager', HOUR_MS],
  ] as const)('%s work is looked at again after %i ms', (lane, most) => {
    expect(decide(providers('rate_limited', { retryAfterMs: DAYS_MS }), { lane })).toBe(most)
    expect(decide(ours('provider_unavailable', true, { retryAfterMs: DAYS_MS }), { lane })).toBe(
      most,
    )
  })

  test('and nothing waits for a call that could not end before the deadline', () => {
    const limited = providers('rate_limited', { retryAfterMs: 27_000 })
    expect(decide(limited, { leftMs: 147_000, callMs: 120_000 })).toBe(27_000)
    expect(decide(limited, { leftMs: 146_999, callMs: 120_000 })).toBeUndefined()
    expect(decide(ours('unavailable', true), { leftMs: 0, callMs: 1 })).toBeUndefined()
  })
})

describe('a limit of the provider holds for every generation of its model', () => {
  test.each<[ProviderError, number]>([
    [providers('rate_limited', { retryAfterMs: 27_000 }), 27_000],
    [providers('rate_limited', { retryAfterMs: 86_400_000 }), HOUR_MS],
    [providers('rate_limited'), 0],
    [providers('overloaded', { retryAfterMs: 27_000 }), 0],
  ])('%s: %i ms', (failure, limitMs) => {
    expect(limitMsOf(failure)).toBe(limitMs)
  })
})
