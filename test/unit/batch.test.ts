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

test('a run that fails for the sake of one fails that one alone', async () => {
  const runs: string[][] = []
  const ask = createBatcher(
    async (inputs: string[]) => {
      runs.push(inputs)
      if (inputs.includes('bad')) throw new Error('bad')
      return inputs.map((input) => input.toUpperCase())
    },
    { maxSize: 10, maxRunning: 1 },
  )
  const settled = await Promise.allSettled(['a', 'bad', 'b'].map(ask))
  expect(settled).toEqual([
    { status: 'fulfilled', value: 'A' },
    { status: 'rejected', reason: new Error('bad') },
    { status: 'fulfilled', value: 'B' },
  ])
  expect(runs).toEqual([['a', 'bad', 'b'], ['a'], ['bad'], ['b']])
})

test('what has to do with none of them is not asked again for each', async () => {
  const runs: string[][] = []
  const away = new Error('away')
  let isAway = true
  const ask = createBatcher(
    async (inputs: string[]) => {
      runs.push(inputs)
      if (isAway || inputs.length === 1) throw away
      throw new Error('bad')
    },
    { maxSize: 10, maxRunning: 1, isShared: (error) => error === away },
  )
  const fail = async () => {
    const settled = await Promise.allSettled(['a', 'b', 'c'].map(ask))
    expect(settled).toEqual(Array(3).fill({ status: 'rejected', reason: away }))
  }
  await fail()
  expect(runs).toEqual([['a', 'b', 'c']])
  isAway = false
  await fail()
  expect(runs.slice(1)).toEqual([['a', 'b', 'c'], ['a']])
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
