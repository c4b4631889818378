import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createFrames } from '../../src/adapters/http/frames.ts'
import { createHeartbeats } from '../../src/adapters/http/heartbeats.ts'
import type { AnswerReader, Reader } from '../../src/adapters/http/http-context.ts'
import type { News } from '../../src/generation/read/watch.ts'

describe('what streams are told', () => {
  const news = {
    row: { id: 'g_1' },
    events: [
      { type: 'generation.running', sequence: 2 },
      { type: 'generation.succeeded', sequence: 3 },
    ],
  } as unknown as News
  const readerAt = (base: string, given: Partial<Reader> = {}): Reader => ({
    urls: { base, generation: () => '', image: () => '', events: () => '' },
    showsOwner: false,
    signsEvents: true,
    showsOthers: true,
    ...given,
  })

  test('is made once for all who read the same, and apart for others', async () => {
    const asked: string[] = []
    const answerReader = (async ({ urls, showsOwner, signsEvents, showsOthers }: Reader) => {
      asked.push(`${urls.base} ${[showsOwner, signsEvents, showsOthers].map(Number).join('')}`)
      return { id: `of ${urls.base}` }
    }) as unknown as AnswerReader
    const findFrames = createFrames(answerReader)
    const [first, second] = await Promise.all([
      findFrames(readerAt('http://a'), news),
      findFrames(readerAt('http://a'), news),
    ])
    expect(second).toBe(first)
    await findFrames(readerAt('http://b'), news)
    await findFrames(readerAt('http://a', { showsOwner: true }), news)
    await findFrames(readerAt('http://a', { signsEvents: false }), news)
    await findFrames(readerAt('http://a', { showsOthers: false }), news)
    await findFrames(readerAt('http://a'), { ...news })
    expect(asked).toEqual([
      ...['http://a 011', 'http://b 011', 'http://a 111', 'http://a 001', 'http://a 010'],
      'http://a 011',
    ])
    expect(first?.map(({ sequence, bytes }) => [sequence, String(bytes)])).toEqual([
      [
        2,
        'event: generation.running\nid: 2\ndata: {"type":"generation.running","sequence":2,"generation":{"id":"of http://a"}}\n\n',
      ],
      [
        3,
        'event: generation.succeeded\nid: 3\ndata: {"type":"generation.succeeded","sequence":3,"generation":{"id":"of http://a"}}\n\n',
      ],
    ])
  })
})

describe('heartbeats', () => {
  const INTERVAL_MS = 15_000

  beforeEach(() => void jest.useFakeTimers())
  afterEach(() => void jest.useRealTimers())

  test('of a thousand streams come by one timer, once an interval each, and never all at once', () => {
    const beats: number[] = []
    const { add } = createHeartbeats<number>((each) => beats.push(each), INTERVAL_MS)
    const removals = Array.from({ length: 1_000 }, (_, n) => {
      jest.advanceTimersByTime(INTERVAL_MS / 1_000)
      return add(n)
    })
    expect(jest.getTimerCount()).toBe(1)
    jest.advanceTimersByTime(INTERVAL_MS)
    beats.length = 0
    jest.advanceTimersByTime(INTERVAL_MS / 60)
    expect(beats.length).toBeLessThan(100)
    jest.advanceTimersByTime((59 * INTERVAL_MS) / 60)
    expect([...beats].sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
    for (const remove of removals) remove()
    expect(jest.getTimerCount()).toBe(0)
  })

  test('end with their stream, also when that ends twice', () => {
    const beats: string[] = []
    const { add } = createHeartbeats<string>((each) => beats.push(each), INTERVAL_MS)
    const remove = add('ended')
    add('open')
    remove()
    remove()
    jest.advanceTimersByTime(INTERVAL_MS)
    expect(beats).toEqual(['open'])
  })
})
