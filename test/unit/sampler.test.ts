import { describe, expect, test } from '@jest/globals'
import { createSampler } from '../../src/adapters/metrics/sampler.ts'

const NEVER_AGAIN = { everyMs: 1e9, patienceMs: 1e4 }

describe('a sample', () => {
  test('is taken once for all who ask at once, and not again before its time', async () => {
    let taken = 0
    const sample = createSampler(
      async () => {
        taken++
      },
      () => {},
      NEVER_AGAIN,
    )
    await Promise.all([sample(), sample(), sample()])
    await sample()
    expect(taken).toBe(1)
  })

  test('is taken anew when its time is over', async () => {
    let taken = 0
    const take = async () => {
      taken++
    }
    const sample = createSampler(take, () => {}, { everyMs: 0, patienceMs: 1e4 })
    await sample()
    await sample()
    expect(taken).toBe(2)
  })

  test('that fails is cleared, and so is one that nobody can wait for', async () => {
    let cleared = 0
    const clear = () => {
      cleared++
    }
    await createSampler(() => Promise.reject(new Error('away')), clear, NEVER_AGAIN)()
    expect(cleared).toBe(1)
    let answer = () => {}
    const slow = () =>
      new Promise<void>((resolve) => {
        answer = resolve
      })
    await createSampler(slow, clear, { everyMs: 1e9, patienceMs: 1 })()
    expect(cleared).toBe(2)
    answer()
  })
})
