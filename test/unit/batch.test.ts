import { expect, test } from '@jest/globals'
import { createBatcher } from '../../src/lib/batch.ts'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test('calls of the same turn go together and each gets its own answer', async () => {
  const runs: number[][] = []
  const double = createBatcher(
    async (numbers: number[]) => {
      runs.push(numbers)
      return numbers.map((n) => n * 2)
    },
    { maxSize: 10, maxRunning: 2 },
  )
  expect(await Promise.all([double(1), double(2), double(3)])).toEqual([2, 4, 6])
  expect(await double(4)).toBe(8)
  expect(runs).toEqual([[1, 2, 3], [4]])
})

test('no more than the limits run at once, and what waits goes together', async () => {
  const runs: { inputs: string[]; finish: () => void }[] = []
  const echo = createBatcher(
    (inputs: string[]) =>
      new Promise<string[]>((resolve) => runs.push({ inputs, finish: () => resolve(inputs) })),
    { maxSize: 2, maxRunning: 1 },
  )
  const answers = Promise.all(['a', 'b', 'c', 'd', 'e'].map(echo))
  for (const expected of [['a', 'b'], ['c', 'd'], ['e']]) {
    while (runs.at(-1)?.inputs[0] !== expected[0]) await nextTurn()
    expect(runs.at(-1)?.inputs).toEqual(expected)
    runs.at(-1)?.finish()
  }
  expect(await answers).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('a run that fails fails its own calls and no others', async () => {
  let isAway = true
  const ask = createBatcher(
    async (inputs: string[]) => {
      if (isAway) throw new Error('away')
      return inputs
    },
    { maxSize: 10, maxRunning: 1 },
  )
  const failed = await Promise.allSettled([ask('a'), ask('b')])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  isAway = false
  expect(await ask('c')).toBe('c')
})
