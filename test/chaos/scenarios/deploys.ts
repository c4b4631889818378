import { setTimeout as delay } from 'node:timers/promises'
import { waitFor } from '../../support/wait-for.ts'
import { readFacts } from '../audit/audit.ts'
import { checkAlways, countOf as countWhere } from '../audit/checks.ts'
import { describeTrouble } from '../audit/describe-trouble.ts'
import { checkBooks } from '../audit/money.ts'
import type { Child } from '../child.ts'
import { type ChaosClient, createChaosClient } from '../client.ts'
import { pictureOf } from '../provider.ts'
import { exactly, figure, type Result, toResult } from '../result.ts'
import { countOf, type Scenario, type Setting } from '../scenario.ts'
import { settle } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'

/** As the service is shipped, where the chaos suite has settings of its own. */
const AS_SHIPPED = {
  LEASE_MS: '',
  SWEEP_INTERVAL_MS: '',
  RETRY_BACKOFF_MS: '',
  GENERATION_TIMEOUT_MS: '',
  SHUTDOWN_GRACE_MS: '',
}

/** Every worker is replaced, again and again, by SIGTERM, while a model that takes its time has calls out. */
export const deploys: Scenario = {
  name: 'deploys',
  run: async (setting) => [
    ...(await withStack({ backend: setting.backend, env: AS_SHIPPED }, (stack) =>
      replaceWorkers(stack, setting),
    )),
    ...(await withStack({ backend: setting.backend, env: CUT_SHORT }, (stack) =>
      cutCallsOff(stack, setting),
    )),
  ],
}

const replaceWorkers = async (stack: Stack, { backend, plan }: Setting): Promise<Result[]> => {
  const modelMs = countOf({ ...plan, scale: 1 }, { full: 30_000, short: 1_500 }, 'model-ms')
  const generations = countOf(plan, { full: 200, short: 16 }, 'generations')
  const rounds = countOf(plan, { full: 20, short: 2 }, 'restarts')
  const size = countOf({ ...plan, scale: 1 }, { full: 3, short: 2 }, 'workers')
  stack.provider.behave(({ prompt }) => pictureOf(prompt, modelMs))
  await stack.startApi()
  const client = await createChaosClient(stack)
  let fleet = await Promise.all(Array.from({ length: size }, () => startReady(stack)))
  const ends: Promise<End>[] = []
  for (let round = 0; round < rounds; round++) {
    const from = Math.round((generations * round) / rounds)
    await submitFrom(client, from, Math.round((generations * (round + 1)) / rounds))
    const next: Child[] = []
    for (const worker of fleet) {
      const [started] = await Promise.all([startReady(stack), delay(modelMs / size)])
      next.push(started)
      ends.push(terminate(stack, worker))
    }
    fleet = next
  }
  const stops = await Promise.all(ends)
  await settle(stack, 20 * modelMs + 30_000)

  const facts = await readFacts(stack, [client])
  const line = { scenario: deploys.name, backend }
  const details = await describeTrouble(stack, facts)
  return [
    toResult(line, 'workers', [
      exactly('replaced', stops.length, rounds * size),
      exactly(
        'not exited 0',
        countWhere(stops, ({ code }) => code !== 0),
        0,
      ),
      figure(
        'calls out at stops',
        stops.reduce((sum, { callsOut }) => sum + callsOut, 0),
      ),
      figure('longest stop (ms)', Math.max(...stops.map(({ ms }) => ms))),
    ]),
    toResult(
      line,
      'generations',
      [
        exactly('generations', facts.length, generations),
        exactly('calls', stack.provider.calls.length, generations),
        exactly(
          'without image',
          countWhere(facts, ({ status }) => status !== 'succeeded'),
          0,
        ),
        ...checkAlways(stack, facts),
        ...(await checkBooks(stack.db)),
      ],
      details,
    ),
  ]
}

const startReady = async (stack: Stack): Promise<Child> => {
  const worker = await stack.startWorker()
  await worker.untilReady()
  return worker
}

const submitFrom = async (client: ChaosClient, from: number, to: number): Promise<void> => {
  for (let n = from; n < to; n++) await client.submit(`picture ${n} through a deploy`)
}

type End = { code: number | null; ms: number; callsOut: number }

const terminate = async ({ db }: Pick<Stack, 'db'>, worker: Child): Promise<End> => {
  const running = db
    .selectFrom('generations')
    .select('id')
    .where('status', '=', 'running')
    .where('workerId', 'like', `%:${worker.pid}:%`)
  const callsOut = (await running.execute()).length
  const startedAt = performance.now()
  worker.signal('SIGTERM')
  const { code } = await worker.ended
  return { code, ms: Math.round(performance.now() - startedAt), callsOut }
}

/** A grace period that is shorter than any call. */
const CUT_SHORT = { SHUTDOWN_GRACE_MS: '200', WORKER_CONCURRENCY: '4' }
const CUT_MS = 2_000

/** Stops that cut each call off cost what they cost, which is in the books, and fail nothing. */
const cutCallsOff = async (stack: Stack, { backend, plan }: Setting): Promise<Result[]> => {
  const generations = countOf(plan, { full: 20, short: 4 })
  const rounds = countOf(plan, { full: 10, short: 4 })
  let isOver = false
  stack.provider.behave(({ prompt }) => (isOver ? pictureOf(prompt) : { kind: 'hang' }))
  await stack.startApi()
  const client = await createChaosClient(stack)
  await submitFrom(client, 0, generations)
  for (let round = 0; round < rounds; round++) {
    const before = stack.provider.calls.length
    const worker = await startReady(stack)
    await waitFor(() => stack.provider.calls.length >= before + Math.min(4, generations), {
      what: 'calls to be out',
      timeoutMs: 30_000,
    })
    await terminate(stack, worker)
  }
  isOver = true
  await startReady(stack)
  await settle(stack, 30 * CUT_MS)

  const facts = await readFacts(stack, [client])
  const cut = stack.provider.calls.length - generations
  const { interrupted } = await stack.db
    .selectFrom('attempts')
    .select(({ fn }) => fn.countAll<string>().as('interrupted'))
    .where('outcome', '=', 'interrupted')
    .where('isEstimate', '=', true)
    .where('costNanoUsd', '>', 0)
    .executeTakeFirstOrThrow()
  return [
    toResult(
      { scenario: deploys.name, backend },
      'calls cut off',
      [
        figure('cut off', cut),
        exactly('in the books at what they may have cost', Number(interrupted), cut),
        exactly(
          'without image',
          countWhere(facts, ({ status }) => status !== 'succeeded'),
          0,
        ),
        ...(await checkBooks(stack.db)),
      ],
      await describeTrouble(stack, facts),
    ),
  ]
}
