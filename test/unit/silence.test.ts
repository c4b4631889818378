import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { DatabaseAway } from '../../db/away.ts'
import { createSilenceWatch } from '../../db/silence.ts'

const SILENCE_MS = 1_000
const PATIENCE_MS = 10_000

beforeEach(() => void jest.useFakeTimers())
afterEach(() => {
  jest.useRealTimers()
  jest.restoreAllMocks()
})

const never = () => new Promise<never>(() => {})

/** A Postgres that answers probes or does not, and statements that are answered when the test says so. */
const setUp = ({ probe = never }: { probe?: () => Promise<unknown> } = {}) => {
  const silence = createSilenceWatch({
    silenceMs: SILENCE_MS,
    patienceMs: PATIENCE_MS,
    probe,
  })
  const ask = () => {
    const statement = { state: 'waiting', isAbandoned: false, answer: () => {} }
    const work = new Promise<void>((resolve) => (statement.answer = resolve))
    silence
      .watch(work, () => (statement.isAbandoned = true))
      .then(
        () => (statement.state = 'answered'),
        (error: unknown) => (statement.state = error instanceof DatabaseAway ? 'away' : 'failed'),
      )
    return statement
  }
  return { silence, ask }
}

/** Moves the clock as a process sees it that is never kept from running. */
const pass = (durationMs: number) => jest.advanceTimersByTimeAsync(durationMs)

test('an answer is passed on', async () => {
  const { ask } = setUp()
  const statement = ask()
  await pass(SILENCE_MS - 1)
  statement.answer()
  await pass(PATIENCE_MS)
  expect(statement).toMatchObject({ state: 'answered', isAbandoned: false })
})

test('so is an error', async () => {
  const { silence } = setUp()
  const refused = new Error('syntax error')
  await expect(silence.watch(Promise.reject(refused), () => {})).rejects.toBe(refused)
})

test('a Postgres that answers nobody is away after a second, for everyone who waits so long', async () => {
  const { ask } = setUp()
  const first = ask()
  await pass(SILENCE_MS / 2)
  const second = ask()
  await pass(SILENCE_MS / 2 - 1)
  expect(first.state).toBe('waiting')
  await pass(1)
  expect(first).toMatchObject({ state: 'away', isAbandoned: true })
  expect(second.state).toBe('waiting')
  await pass(SILENCE_MS / 2)
  expect(second).toMatchObject({ state: 'away', isAbandoned: true })
})

test('it is asked anew by every request, and is back with its first answer', async () => {
  const { ask } = setUp()
  ask()
  await pass(5 * SILENCE_MS)
  const late = ask()
  await pass(SILENCE_MS - 1)
  expect(late.state).toBe('waiting')
  late.answer()
  await pass(0)
  expect(late.state).toBe('answered')
})

describe('a statement that takes long', () => {
  test('is waited for while others are answered, up to the limit of patience', async () => {
    const { ask } = setUp()
    const long = ask()
    for (let passedMs = 0; passedMs < PATIENCE_MS - SILENCE_MS; passedMs += SILENCE_MS / 2) {
      await pass(SILENCE_MS / 2)
      ask().answer()
    }
    expect(long.state).toBe('waiting')
    await pass(SILENCE_MS)
    expect(long).toMatchObject({ state: 'away', isAbandoned: true })
  })

  test('is waited for while probes are answered', async () => {
    const probe = jest.fn(async () => {})
    const { ask } = setUp({ probe })
    const long = ask()
    await pass(PATIENCE_MS - 1)
    expect(long.state).toBe('waiting')
    expect(probe).toHaveBeenCalled()
    long.answer()
    await pass(0)
    expect(long.state).toBe('answered')
  })

  test('is given up when the probes fail', async () => {
    const { ask } = setUp({ probe: () => Promise.reject(new Error('refused')) })
    const long = ask()
    await pass(SILENCE_MS)
    expect(long.state).toBe('away')
  })
})

test('quick answers are neither probed nor timed each by itself', async () => {
  const probe = jest.fn(async () => {})
  const { ask } = setUp({ probe })
  for (let index = 0; index < 100; index++) ask().answer()
  expect(jest.getTimerCount()).toBe(1)
  await pass(PATIENCE_MS)
  expect(probe).not.toHaveBeenCalled()
  expect(jest.getTimerCount()).toBe(0)
})

test('what never asked Postgres does not show that it is there', async () => {
  const { silence, ask } = setUp()
  const statement = ask()
  await pass(SILENCE_MS - 1)
  await silence.watch(Promise.resolve(), () => {}, { isLocal: true })
  await pass(1)
  expect(statement.state).toBe('away')
})

test('a process that could not run takes its own silence for nobody else’s', async () => {
  const { ask } = setUp()
  const statement = ask()
  // The clock goes on, no timer is looked at meanwhile.
  const now = performance.now()
  jest.spyOn(performance, 'now').mockImplementation(() => now + 5 * SILENCE_MS)
  jest.advanceTimersByTime(SILENCE_MS / 2)
  await pass(0)
  expect(statement.state).toBe('waiting')
})
