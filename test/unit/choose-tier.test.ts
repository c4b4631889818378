import { describe, expect, test } from '@jest/globals'
import {
  chooseTier,
  shedLeftMs,
  type TierCase,
  type TierRules,
} from '../../src/generation/run/choose-tier.ts'

const HOUR_MS = 3_600_000
const asOf = new Date('2026-11-28T12:00:00Z')
const at = (ms: number) => new Date(asOf.getTime() + ms)

const rules: TierRules = {
  eager: 'flex',
  bounds: { flex: { callMs: 900_000, giveUpMs: HOUR_MS } },
  standardCallMs: 120_000,
}
const provider = { tiers: ['standard', 'flex'] } as const

/** Asked for ahead of need, and claimed for the first time. */
const fresh: TierCase = {
  lane: 'eager',
  keyTier: null,
  tierLimits: [],
  doubtedTier: null,
  ambiguousCalls: 0,
  startedAt: asOf,
  deadlineAt: at(24 * HOUR_MS),
  asOf,
}
const choose = (given: Partial<TierCase> = {}, of: Partial<TierRules> = {}) =>
  chooseTier({ ...fresh, ...given }, { ...rules, ...of }, provider)

describe('the tier of a generation', () => {
  test('is that of the settings in the eager lane, and standard for whoever waits', () => {
    expect(choose()).toBe('flex')
    expect(choose({}, { eager: 'standard' })).toBe('standard')
    expect(choose({ lane: 'interactive' })).toBe('standard')
    expect(choose({ lane: 'interactive', keyTier: 'flex' })).toBe('standard')
  })

  test('is that of its key before that of the settings', () => {
    expect(choose({ keyTier: 'standard' })).toBe('standard')
    expect(choose({ keyTier: 'flex' }, { eager: 'standard' })).toBe('flex')
  })

  test('is standard where the provider or the installation has no other', () => {
    expect(chooseTier(fresh, rules, {})).toBe('standard')
    expect(choose({}, { bounds: {} })).toBe('standard')
    expect(choose({ keyTier: 'batch' }, { bounds: {} })).toBe('standard')
  })

  test('is standard where the model does not take the tier, and waits where it has no room', () => {
    const refused = { tier: 'flex', reason: 'refused', leftMs: 1 } as const
    const shed = { tier: 'flex', reason: 'shed', leftMs: 30_000 } as const
    expect(choose({ tierLimits: [refused] })).toBe('standard')
    expect(choose({ tierLimits: [{ ...refused, tier: 'batch' }] })).toBe('flex')
    expect(choose({ tierLimits: [shed] })).toBe('flex')
    expect(shedLeftMs({ tierLimits: [shed] }, 'flex')).toBe(30_000)
    expect(shedLeftMs({ tierLimits: [shed] }, 'batch')).toBe(0)
    expect(shedLeftMs({ tierLimits: [refused] }, 'flex')).toBe(0)
  })

  test('is standard once its request was rejected at another, or a result was lost', () => {
    expect(choose({ doubtedTier: 'flex' })).toBe('standard')
    expect(choose({ ambiguousCalls: 1 })).toBe('standard')
  })

  test('is standard after its time at another, by when it was first claimed', () => {
    expect(choose({ startedAt: at(1 - HOUR_MS) })).toBe('flex')
    expect(choose({ startedAt: at(-HOUR_MS) })).toBe('standard')
    expect(choose({ startedAt: null })).toBe('flex')
  })

  test('is standard where no call at that would end in time after another', () => {
    expect(choose({ deadlineAt: at(1_020_000) })).toBe('flex')
    expect(choose({ deadlineAt: at(1_019_999) })).toBe('standard')
    expect(choose({ deadlineAt: null })).toBe('flex')
  })
})
