import { describe, expect, test } from '@jest/globals'
import { createHoldings } from '../../src/lib/holdings.ts'

const setUp = (kept: number) => {
  const state = { kept, counts: 0, nowMs: 0 }
  const take = createHoldings({
    max: 10,
    message: 'No room.',
    now: () => state.nowMs,
    count: async () => {
      state.counts++
      return state.kept
    },
  })
  return { state, take }
}

describe('what an owner may keep', () => {
  test('is counted once, and what is added is added up', async () => {
    const { state, take } = setUp(7)
    for (let n = 0; n < 3; n++) await take('alice')
    await expect(take('alice')).rejects.toMatchObject({ code: 'too_much_kept' })
    expect(state.counts).toBe(1)
  })

  test('has room again for who has deleted some, some seconds later', async () => {
    const { state, take } = setUp(10)
    await expect(take('alice')).rejects.toMatchObject({ code: 'too_much_kept' })
    state.kept = 2
    state.nowMs = 5_000
    await take('alice', 8)
    await expect(take('alice')).rejects.toMatchObject({ code: 'too_much_kept' })
    expect(state.counts).toBe(2)
  })

  test('is counted again after ten minutes, as others add to it too', async () => {
    const { state, take } = setUp(0)
    await take('alice')
    state.kept = 10
    state.nowMs = 10 * 60_000
    await expect(take('alice')).rejects.toMatchObject({ code: 'too_much_kept' })
  })

  test('is each owner’s own', async () => {
    const { state, take } = setUp(10)
    await expect(take('alice')).rejects.toMatchObject({ code: 'too_much_kept' })
    state.kept = 0
    await take('bob', 10)
  })
})
