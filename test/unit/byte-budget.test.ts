import { describe, expect, test } from '@jest/globals'
import { createByteBudget } from '../../src/lib/byte-budget.ts'

const LIMITS = { totalBytes: 10, maxWaitMs: 60_000, maxWaitingEach: 2, maxWaiting: 3 }

const setUp = (limits = {}) => {
  const budget = createByteBudget({ ...LIMITS, ...limits })
  const order: string[] = []
  const take = async (name: string, bytes: number, owner: string) => {
    const release = await budget.take(bytes, owner)
    order.push(name)
    return release
  }
  return { take, order }
}

describe('memory that is shared out', () => {
  test('is given as far as it goes, and then to one owner after the other', async () => {
    const { take, order } = setUp()
    const first = await take('first', 10, 'mallory')
    const waiting = [
      take('mallory 1', 10, 'mallory'),
      take('mallory 2', 10, 'mallory'),
      take('bob', 10, 'bob'),
    ]
    expect(order).toEqual(['first'])
    first()
    ;(await waiting[0])?.()
    ;(await waiting[2])?.()
    ;(await waiting[1])?.()
    expect(order).toEqual(['first', 'mallory 1', 'bob', 'mallory 2'])
    await take('after all', 10, 'bob')
  })

  test('goes to several at once where it is enough for them', async () => {
    const { take, order } = setUp()
    const first = await take('first', 10, 'a')
    const waiting = [take('b', 5, 'b'), take('c', 5, 'c')]
    first()
    await Promise.all(waiting)
    expect(order).toEqual(['first', 'b', 'c'])
  })

  test('is never overtaken by what is smaller', async () => {
    const { take, order } = setUp()
    const first = await take('first', 4, 'a')
    const large = take('large', 10, 'b')
    const small = take('small', 1, 'c')
    first()
    ;(await large)()
    await small
    expect(order).toEqual(['first', 'large', 'small'])
  })

  test('is all of it for what is more than there is, and given back once', async () => {
    const { take } = setUp()
    const release = await take('huge', 1_000, 'a')
    release()
    release()
    await take('all', 10, 'a')
    await expect(setUp({ maxWaiting: 0 }).take('none waits', 11, 'a')).resolves.toBeDefined()
  })

  test('has a line for each owner, and one for all', async () => {
    const { take } = setUp()
    const release = await take('first', 10, 'a')
    const line = [take('a1', 1, 'a'), take('a2', 1, 'a')]
    await expect(take('a3', 1, 'a')).rejects.toMatchObject({ code: 'rate_limited' })
    const bob = take('b1', 1, 'b')
    await expect(take('c1', 1, 'c')).rejects.toMatchObject({ code: 'unavailable' })
    release()
    await Promise.all([...line, bob])
  })

  test('is not waited for longer than may be', async () => {
    const { take } = setUp({ maxWaitMs: 5 })
    const release = await take('first', 10, 'a')
    await expect(take('second', 1, 'b')).rejects.toMatchObject({ code: 'unavailable' })
    release()
    await take('third', 10, 'b')
  })
})
