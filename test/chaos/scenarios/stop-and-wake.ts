import { isDeepStrictEqual } from 'node:util'
import { waitFor } from '../../support/wait-for.ts'
import type { Child } from '../child.ts'
import type { ChaosClient } from '../client.ts'
import { type Behave, pictureOf } from '../provider.ts'
import type { Stack } from '../stack.ts'
import { readFinal } from './read-final.ts'

const LEASES = 3
const TAKE_OVER_TIMEOUT_MS = 30_000
const WAKE_TIMEOUT_MS = 15_000

/**
 * Stops as many workers as there are prompts, each with its call out, until others have finished their generations and
 * the leases are long over; then wakes them, their answers waiting. Returns how many generations looked different
 * afterwards.
 */
export const stopAndWake = async (
  stack: Stack,
  client: ChaosClient,
  prompts: readonly string[],
): Promise<number> => {
  const { behave, open } = holdFirstCalls()
  stack.provider.behave(behave)
  // At this level a worker says when it is through with a generation.
  const sleepers = await startWorkers(stack, prompts.length, { LOG_LEVEL: 'info' })
  const ids = await Promise.all(prompts.map(async (prompt) => (await client.submit(prompt)).id))
  await Promise.all(prompts.map((prompt) => waitForCallOf(stack, prompt)))
  for (const sleeper of sleepers) sleeper.signal('SIGSTOP')
  const stoppedAt = performance.now()

  const helper = await stack.startWorker({ env: { WORKER_CONCURRENCY: String(prompts.length) } })
  await waitFor(() => areAllDone(stack, ids), {
    what: 'the generations of stopped workers to be finished',
    timeoutMs: TAKE_OVER_TIMEOUT_MS,
  })
  await waitFor(() => performance.now() - stoppedAt > LEASES * stack.leaseMs, {
    what: 'three leases to pass',
    timeoutMs: TAKE_OVER_TIMEOUT_MS,
  })
  const before = await Promise.all(ids.map((id) => readFinal(stack, client, id)))
  open()
  for (const sleeper of sleepers) sleeper.signal('SIGCONT')
  await waitFor(() => ids.every((id) => sleepers.some((sleeper) => isThrough(sleeper, id))), {
    what: 'the woken workers to be through with what they had',
    timeoutMs: WAKE_TIMEOUT_MS,
  })
  const after = await Promise.all(ids.map((id) => readFinal(stack, client, id)))
  await Promise.all([...sleepers, helper].map((worker) => worker.kill()))
  return before.filter((final, n) => !isDeepStrictEqual(final, after[n])).length
}

/** The first call for a prompt is answered when it is let go, with another picture than the later ones. */
const holdFirstCalls = (): { behave: Behave; open: () => void } => {
  const seen = new Set<string>()
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const behave: Behave = async ({ prompt }) => {
    if (seen.has(prompt)) return pictureOf(prompt)
    seen.add(prompt)
    await opened
    return pictureOf(`too late for ${prompt}`)
  }
  return { behave, open: () => open() }
}

const startWorkers = async (stack: Stack, count: number, env: Record<string, string>) => {
  const workers = await Promise.all(Array.from({ length: count }, () => stack.startWorker({ env })))
  await Promise.all(workers.map((worker) => worker.untilReady()))
  return workers
}

const waitForCallOf = ({ provider }: Stack, wanted: string) =>
  provider.waitForCall(({ prompt }) => prompt === wanted)

const areAllDone = async ({ db }: Stack, ids: readonly string[]): Promise<boolean> => {
  const done = await db
    .selectFrom('generations')
    .select('id')
    .where('id', 'in', ids)
    .where('status', '=', 'succeeded')
    .execute()
  return done.length === ids.length
}

const isThrough = (worker: Child, id: string): boolean =>
  worker
    .said()
    .split('\n')
    .some((line) => line.includes(id) && line.includes('"msg":"ran"'))
