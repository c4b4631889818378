import { describe, expect, test } from '@jest/globals'
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
})
