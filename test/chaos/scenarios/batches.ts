import { randomUUID } from 'node:crypto'
import type { BatchStep } from '../../../src/features/batches/ports.ts'
import type { RunStep } from '../../../src/generation/run/steps.ts'
import { waitFor } from '../../support/wait-for.ts'
import { checkBooks } from '../audit/money.ts'
import { type ChaosClient, createChaosClient } from '../client.ts'
import { exactly, type Result, toResult } from '../result.ts'
import { countOf, type Scenario, type Setting } from '../scenario.ts'
import { settle } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'

/** What a batch gets past, in order; `create_out`: the request for it has reached the provider, which has not answered. */
const points = [
  'gathered',
  'intended',
  'uploaded',
  'create_out',
  'created',
  'running',
  'ended',
  'fetched',
  'answered',
  'spooled',
  'outcome_recorded',
  'stored',
  'committed',
  'secured',
  'settled',
  'closed',
] as const satisfies readonly (BatchStep | RunStep | 'create_out')[]
type Point = (typeof points)[number]

const ITEMS = 2
const SETTLE_TIMEOUT_MS = 120_000
const DEATH_TIMEOUT_MS = 60_000

const env = {
  EAGER_TIER: 'batch',
  BATCH_MAX_ITEMS: String(ITEMS),
  BATCH_WAIT_MS: '1000',
  BATCH_POLL_MS: '50',
}

/**
 * Workers that are killed at each step of a batch, one after the other: each takes up what those before it have left, so that a batch
 * loses several of them.
 */
export const batches: Scenario = {
  name: 'batches',
  run: (setting) =>
    withStack({ backend: setting.backend, env }, (stack) => killEverywhere(stack, setting)),
}

const killEverywhere = async (stack: Stack, { backend, plan }: Setting): Promise<Result[]> => {
  const kills = countOf(plan, { full: 20, short: 1 })
  await stack.startApi()
  const client = await createChaosClient(stack)
  const deaths: Point[] = []
  for (let round = 0; round < kills; round++) {
    for (const point of points) if (await dieAt(stack, client, point)) deaths.push(point)
  }
  await Promise.all([stack.startWorker(), stack.startWorker()])
  await settle(stack, SETTLE_TIMEOUT_MS)
  await untilClosed(stack)

  const line = { scenario: batches.name, backend }
  const described = points.map((point) =>
    toResult(line, point, [
      exactly('kills', deaths.filter((each) => each === point).length, kills),
    ]),
  )
  const books = await checkBooks(stack.db)
  const checks = [...(await checkBought(stack, client)), ...books]
  return [...described, toResult(line, 'all', checks, await describeMissing(stack))]
}

/** True once a worker was killed there, with two more generations to make than others have left it. */
const dieAt = async (stack: Stack, client: ChaosClient, point: Point): Promise<boolean> => {
  const [api] = [...stack.apis]
  if (!api) throw new Error('no API is alive')
  // Workers die here whatever they claim: none of it is an input that kills them, which would be given up after three.
  await stack.db.updateTable('generations').set({ lostClaims: 0 }).execute()
  for (let n = 0; n < ITEMS; n++) {
    await client.submitTo(api.url, `batched ${randomUUID()}`, {}, { lane: 'eager' })
  }
  const { batches: provider } = stack.provider
  const isOut = point === 'create_out'
  provider.behave(isOut ? { create: 'hang', createTimes: 1 } : {})
  const worker = await stack.startWorker(isOut ? {} : { env: { CHAOS_DIE_AT: point } })
  if (isOut) {
    await waitFor(() => provider.countCreations() > 0, { what: 'a batch to be asked for' })
    await worker.kill()
    return true
  }
  await waitFor(worker.hasEnded, {
    what: `a worker to die at ${point}`,
    timeoutMs: DEATH_TIMEOUT_MS,
  }).catch(() => {})
  const { signal } = await worker.kill()
  return signal === 'SIGKILL' && worker.said().includes(`dies at ${point}`)
}

const untilClosed = ({ db }: Stack): Promise<unknown> =>
  waitFor(
    async () =>
      (await db.selectFrom('batches').select('id').where('state', '<>', 'closed').execute())
        .length === 0,
    { what: 'every batch to be closed', timeoutMs: SETTLE_TIMEOUT_MS },
  ).catch(() => {})

const describeMissing = async ({ db }: Stack): Promise<string[]> => {
  const rows = await db
    .selectFrom('generations')
    .select(['id', 'status', 'errorCode', 'claims', 'lostClaims', 'attempts', 'runAfter'])
    .where('status', '<>', 'succeeded')
    .execute()
  return rows.map((row) => JSON.stringify(row))
}

const checkBought = async ({ db, provider }: Stack, { accepted }: ChaosClient) => {
  const rows = await db.selectFrom('generations').select(['id', 'status']).execute()
  const { created, files, countKept } = provider.batches
  const names = new Set(created.map(({ displayName }) => displayName))
  const bought = created.flatMap(({ requests }) => requests.map(({ key }) => key))
  const attempts = await db.selectFrom('attempts').select(['outcome']).execute()
  return [
    exactly('lost', accepted.size - rows.length, 0),
    exactly('without image', rows.filter(({ status }) => status !== 'succeeded').length, 0),
    exactly('batches bought twice', created.length - names.size, 0),
    exactly('images bought twice', bought.length - new Set(bought).size, 0),
    exactly('images bought singly', provider.calls.length, 0),
    exactly(
      'calls without an image',
      attempts.filter(({ outcome }) => outcome !== 'image').length,
      0,
    ),
    exactly('calls not of the bill', attempts.length - provider.batches.countImages(), 0),
    exactly('files left over', files.list().length + countKept(), 0),
  ]
}
