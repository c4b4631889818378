import { setTimeout as delay } from 'node:timers/promises'
import { readBooks } from '../audit/books.ts'
import { readLives } from '../audit/lives.ts'
import { createMeddler } from '../meddler.ts'
import { pictureOf } from '../provider.ts'
import { createRandom } from '../random.ts'
import { exactly, figure, type Result, toResult } from '../result.ts'
import { countOf, type Scenario, type Setting } from '../scenario.ts'
import { settle } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'

const WORKERS = 2
const MAX_CALL_MS = 300
/** Two workers have some thousands left to do by then. */
const SETTLE_TIMEOUT_MS = 600_000
/** One call in so many is turned away by the provider, at no charge. */
const REFUSED_EVERY = 12

/**
 * Owners who do everything that can be done, in any order and at once: ask, force, cancel, retry, regenerate, delete images, save,
 * edit and remove items. Whatever they did, all of it ends, and the books agree.
 */
export const interleavings: Scenario = {
  name: 'interleavings',
  run: (setting) =>
    withStack({ backend: setting.backend, env: { HOOK_DEBOUNCE_MS: '50' } }, (stack) =>
      meddle(stack, setting),
    ),
}

const meddle = async (stack: Stack, { backend, plan }: Setting): Promise<Result[]> => {
  const random = createRandom(plan.seed)
  const owners = countOf(plan, { full: 100, short: 12 })
  const durationMs = countOf(plan, { full: 600_000, short: 4_000 })
  stack.provider.behave(({ number, prompt }) =>
    number % REFUSED_EVERY === 0
      ? { kind: 'overloaded' }
      : pictureOf(prompt, 1 + random() * MAX_CALL_MS),
  )
  const api = await stack.startApi()
  await Promise.all(Array.from({ length: WORKERS }, () => stack.startWorker()))
  const until = performance.now() + durationMs
  const meddlers = await Promise.all(
    Array.from({ length: owners }, (_, n) => createMeddler(stack, api.url, `owner-${n}`, random)),
  )
  await Promise.all(
    meddlers.map(async ({ act }) => {
      while (performance.now() < until) {
        await act()
        await delay(random() * 400)
      }
    }),
  )
  await settle(stack, SETTLE_TIMEOUT_MS)

  const lives = await readLives(stack.db, { areDeleted: true })
  const rows = await stack.db.selectFrom('generations').select(['id', 'status']).execute()
  const books = await readBooks(stack, api.url)
  const line = { scenario: interleavings.name, backend }
  const done: Record<string, number> = {}
  for (const { counts } of meddlers)
    for (const [name, count] of Object.entries(counts)) done[name] = (done[name] ?? 0) + count
  const errors = meddlers.flatMap((each) => each.errors)
  const uneven = rows.filter(({ id }) => !lives(id).isEndedOnce)
  return [
    toResult(
      line,
      `seed ${plan.seed}`,
      Object.entries(done).map(([name, count]) => figure(name, count)),
    ),
    toResult(
      line,
      'outcome',
      [
        exactly('answers of 500 and more', errors.length, 0),
        exactly('crashes', stack.crashes.length, 0),
        figure('generations', rows.length),
        exactly(
          'not over',
          rows.filter(({ status }) => status === 'queued' || status === 'running').length,
          0,
        ),
        exactly('not ended once', uneven.length, 0),
        exactly('succeeded without object', books.succeededWithoutObject, 0),
        exactly('orphan objects', books.orphanObjects.length, 0),
        figure('objects kept for who asks again', books.keptObjects),
      ],
      [...errors, ...stack.crashes, ...uneven.map(({ id }) => id), ...books.orphanObjects],
    ),
    toResult(line, 'books', [
      exactly('attempts', books.attempts, stack.provider.calls.length),
      { name: 'booked by estimate', measured: books.estimates, min: books.cutOff },
      exactly('attempts ($ · 10⁹)', books.attemptsNanoUsd, books.billNanoUsd),
      exactly('generations ($ · 10⁹)', books.generationsNanoUsd, books.billNanoUsd),
      exactly('analytics ($ · 10⁹)', books.analyticsNanoUsd, books.billNanoUsd),
    ]),
  ]
}
