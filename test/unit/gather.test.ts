import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { createGatherer } from '../../src/lib/gather.ts'

const GATHER_MS = 5

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

/** A hand-over ends when the test says so. */
const setUp = () => {
  const handedOver: string[][] = []
  const errors: unknown[] = []
  let settle = { end: () => {}, fail: (_error: Error) => {} }
  const handOver = (names: string[]) => {
    handedOver.push(names)
    return new Promise<void>((end, fail) => (settle = { end, fail }))
  }
  const onError = (error: unknown) => errors.push(error)
  const gatherer = createGatherer(handOver, { gatherMs: GATHER_MS, onError })
  return { ...gatherer, handedOver, errors, settle: () => settle }
}

test('names of the same few milliseconds are handed over together, each once', async () => {
  const { gather, handedOver } = setUp()
  gather(['a', 'b'])
  await jest.advanceTimersByTimeAsync(GATHER_MS - 1)
  gather(['b', 'c'])
  expect(handedOver).toEqual([])
  await jest.advanceTimersByTimeAsync(1)
  expect(handedOver).toEqual([['a', 'b', 'c']])
})

test('what comes while names are handed over goes with the next, be it the same', async () => {
  const { gather, handedOver, settle } = setUp()
  gather(['a'])
  await jest.advanceTimersByTimeAsync(GATHER_MS)
  gather(['a', 'b'])
  await jest.advanceTimersByTimeAsync(10 * GATHER_MS)
  expect(handedOver).toEqual([['a']])
  settle().end()
  await jest.advanceTimersByTimeAsync(GATHER_MS)
  expect(handedOver).toEqual([['a'], ['a', 'b']])
  settle().end()
  await jest.advanceTimersByTimeAsync(10 * GATHER_MS)
  expect(handedOver).toHaveLength(2)
})

test('what could not be handed over is told, and the next goes on', async () => {
  const { gather, handedOver, errors, settle } = setUp()
  gather(['a'])
  await jest.advanceTimersByTimeAsync(GATHER_MS)
  settle().fail(new Error('away'))
  await jest.advanceTimersByTimeAsync(GATHER_MS)
  gather(['b'])
  await jest.advanceTimersByTimeAsync(GATHER_MS)
  expect(errors).toEqual([new Error('away')])
  expect(handedOver).toEqual([['a'], ['b']])
})

test('the end waits for what is being handed over, and for what came since', async () => {
  const { gather, flush, handedOver, settle } = setUp()
  gather(['a'])
  await jest.advanceTimersByTimeAsync(GATHER_MS)
  gather(['b'])
  let isFlushed = false
  const flushed = flush().then(() => (isFlushed = true))
  settle().end()
  await jest.advanceTimersByTimeAsync(0)
  expect(handedOver).toEqual([['a'], ['b']])
  expect(isFlushed).toBe(false)
  settle().end()
  await flushed
})
