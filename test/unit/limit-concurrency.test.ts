import { describe, expect, jest, test } from '@jest/globals'
import { limitConcurrency } from '../../src/lib/limit-concurrency.ts'

describe('limitConcurrency', () => {
  test('no more run at once than there are places, in the order they came', async () => {
    const limited = limitConcurrency(2)
    const started: number[] = []
    let running = 0
    let most = 0
    const work = (id: number) => async () => {
      started.push(id)
      running += 1
      most = Math.max(most, running)
      await new Promise(setImmediate)
      running -= 1
      return id
    }
    const ids = [0, 1, 2, 3, 4, 5, 6]
    await expect(Promise.all(ids.map((id) => limited(work(id))))).resolves.toEqual(ids)
    expect(started).toEqual(ids)
    expect(most).toBe(2)
  })

  test('work that fails gives its place to the next', async () => {
    const limited = limitConcurrency(1)
    const failing = limited(() => Promise.reject(new Error('broken')))
    const next = limited(async () => 'done')
    await expect(failing).rejects.toThrow('broken')
    await expect(next).resolves.toBe('done')
    await expect(limited(async () => 'again')).resolves.toBe('again')
  })

  test('who has much to do does not hold up who has little', async () => {
    const limited = limitConcurrency(1)
    const ended: string[] = []
    const work = (name: string, owner: string) =>
      limited(async () => {
        ended.push(name)
      }, owner)
    await Promise.all([
      ...['a1', 'a2', 'a3', 'a4'].map((name) => work(name, 'alice')),
      work('b1', 'bob'),
      ...['c1', 'c2'].map((name) => work(name, 'carol')),
      work('b2', 'bob'),
    ])
    expect(ended).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'c2', 'a4'])
  })

  test('who waits too long is told so, and is not worked for any more', async () => {
    const limited = limitConcurrency(1, { maxWaitMs: 1, maxWaiting: 10 })
    let finish = () => {}
    const first = limited(() => new Promise<void>((resolve) => (finish = resolve)))
    const late = jest.fn(async () => {})
    await expect(limited(late, 'bob')).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
    })
    finish()
    await first
    await expect(limited(async () => 'again', 'bob')).resolves.toBe('again')
    expect(late).not.toHaveBeenCalled()
  })

  test('an owner whose line is full is told so at once, and no other is', async () => {
    const limited = limitConcurrency(1, { maxWaitMs: 60_000, maxWaiting: 2 })
    let finish = () => {}
    const first = limited(() => new Promise<void>((resolve) => (finish = resolve)), 'alice')
    const waiting = [1, 2].map(() => limited(async () => 'done', 'alice'))
    await expect(limited(async () => 'no', 'alice')).rejects.toMatchObject({ code: 'unavailable' })
    const other = limited(async () => 'done', 'bob')
    finish()
    expect(await Promise.all([first, ...waiting, other])).toEqual([
      undefined,
      ...['done', 'done', 'done'],
    ])
  })
})
