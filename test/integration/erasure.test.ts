import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { createGenerationQueue } from '../../src/adapters/queue/generation-queue.ts'
import { createStore, toQueueBackend } from '../../src/app/resources.ts'
import type { AnalyticsSummary } from '../../src/contract/analytics.ts'
import type { ErasureReceipt } from '../../src/contract/erasure.ts'
import { createFold } from '../../src/features/analytics/fold.ts'
import { digestOwner } from '../../src/features/owners/digest-owner.ts'
import type { ImageStore } from '../../src/generation/ports.ts'
import { startTestApp, type TestApp, type TestAppOptions } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { fillOwner } from '../support/fill-owner.ts'
import { findMentions, listTextColumns } from '../support/find-mentions.ts'
import { createHolds } from '../support/held.ts'
import { aNewGeneration } from '../support/new-generation.ts'
import { makePng } from '../support/pictures.ts'
import { createTestBucket, toS3Environment } from '../support/s3-bucket.ts'
import { describeWith } from '../support/skip.ts'
import { waitFor } from '../support/wait-for.ts'

/** As many as the acceptance asks for with `ERASED_IMAGES=10000`. */
const IMAGES = Number(process.env.ERASED_IMAGES ?? 30)
const COST_USD = 0.039
const SECRET = 'a striped unicorn of Mallory'
const OWNER = 'mallory@example.org'

let app: TestApp
let store: ImageStore
let mallory: Client
let operator: Client

afterEach(async () => {
  store.close()
  await app.stop()
})

const start = async (options: TestAppOptions = {}) => {
  app = await startTestApp({ ...options, env: { SWEEP_INTERVAL_MS: '200', ...options.env } })
  store = createStore(app.config)
  mallory = await createClient(app, OWNER)
  operator = await createClient(app, 'ops', true)
}

const fill = (ownerId = OWNER, secret = SECRET, images = IMAGES) =>
  fillOwner(app.db, store, { ownerId, secret, images, costUsd: COST_USD })

const listKeys = async (): Promise<string[]> => {
  const keys: string[] = []
  for (const folder of ['generated', 'uploads', 'surplus']) {
    for await (const page of store.list(folder)) keys.push(...page.map(({ key }) => key))
  }
  return keys
}

const waitForReceipt = (client = mallory, path = '/api/me/erasure') =>
  waitFor(
    async () => {
      const { body } = await client.call<ErasureReceipt>('GET', path)
      return body.status === 'done' && body
    },
    { what: 'the owner to be erased', timeoutMs: 180_000 },
  )

const readSpentUsd = async () => {
  const { body } = await operator.call<AnalyticsSummary>('GET', '/api/analytics/summary')
  return { calls: body.figures.calls, usd: Number(body.figures.spendUsd.toFixed(9)) }
}

/** What there is of another owner, as text. */
const readOthers = async () =>
  JSON.stringify([
    await selectOfBob('generations', 'ownerId').execute(),
    await selectOfBob('imageMetadata', 'userId').execute(),
    await selectOfBob('savedItems', 'ownerId').execute(),
  ])

const selectOfBob = (
  table: 'generations' | 'imageMetadata' | 'savedItems',
  owner: 'ownerId' | 'userId',
) =>
  app.db.selectFrom(table).select(['id', 'prompt']).where(sql.ref(owner), '=', 'bob').orderBy('id')

describe('what becomes of each table is said', () => {
  test('for every table of the database, and every column that names an owner', async () => {
    await start({ workers: 0 })
    const privacy = await readFile('docs/privacy.md', 'utf8')
    const decisions = new Map(
      [...privacy.matchAll(/^\| `(\w+)` \|[^|]*\|([^|]*)\|([^|]*)\|$/gm)].map(
        ([, table = '', owner = '', fate = '']) => [table, { owner, fate: fate.trim() }],
      ),
    )
    const columns = (await listTextColumns(app.db)).filter(
      ({ schema, table }) => schema === 'public' && !table.startsWith('kysely_'),
    )
    const tables = await app.db.introspection.getTables()
    const names = tables
      .filter(({ schema, name }) => schema === 'public' && !name.startsWith('kysely_'))
      .map(({ name }) => name)
    expect([...decisions.keys()].sort()).toEqual([...new Set(names)].sort())
    const unsaid = columns.filter(
      ({ table, column }) =>
        /owner|user/.test(column) && !decisions.get(table)?.owner.includes(`\`${column}\``),
    )
    expect(unsaid).toEqual([])
    for (const { fate } of decisions.values()) expect(fate).not.toBe('')
  })
})

describeEachBackend('erasing an owner', (backend) => {
  test('leaves nothing that names them, and everybody else as they were', async () => {
    await start({ backend, workers: 0, env: { HOOK_SECRETS: '' } })
    await suite()
  })

  test('ends what runs, which makes no row again and leaves no object', async () => {
    await start({ backend, env: { LEASE_MS: '3000' } })
    const holds = createHolds(app.gemini)
    const { id, open } = await holds.start(mallory, `${SECRET} runs`)
    await mallory.call('DELETE', '/api/me')
    const receipt = await waitForReceipt()
    open()
    holds.release()
    expect(receipt.erased).toMatchObject({ generations: 1, calls: 1 })
    expect(receipt.spentUsd).toBeGreaterThan(0)
    expect(await findMentions(app.db, [OWNER, SECRET])).toEqual([])
    // The id says nothing of either. BullMQ's own events have it until they are trimmed.
    const ofJobs = (column: string) => column === 'event.data'
    expect((await findMentions(app.db, [id])).filter((column) => !ofJobs(column))).toEqual([
      'deleted_objects.object_key',
    ])
    const { body } = await mallory.generateAndWait({ prompt: `${SECRET} runs` })
    expect(body).toMatchObject({ id, status: 'succeeded', isExisting: false })
    expect((await listKeys()).filter((key) => !key.includes('.'))).toHaveLength(1)
  })

  test('refuses what they ask meanwhile, and begins anew afterwards', async () => {
    await start({ backend, workers: 0 })
    await fill(OWNER, SECRET, 2)
    await mallory.call('DELETE', '/api/me')
    const again = await mallory.call<ErasureReceipt>('DELETE', '/api/me')
    expect(again.body.status).toBe('under_way')
    const refused = await waitFor(
      async () => {
        const answer = await mallory.fail('POST', '/api/visualize/generate', {
          body: { prompt: 'x' },
        })
        return answer.status === 409 && answer
      },
      { what: 'the API to know' },
    )
    expect(refused.body).toMatchObject({ code: 'erasure_under_way', retryable: true })
    expect(refused.headers.get('Retry-After')).toBe('5')
    await app.startWorker()
    const receipt = await waitForReceipt()
    expect(receipt.id).toBe(again.body.id)
    await waitFor(
      async () => (await mallory.generateAndWait({ prompt: 'anew' })).body.status === 'succeeded',
      { what: 'an image to be made anew' },
    )
    const { body } = await mallory.call<{ generations: unknown[] }>('GET', '/api/generations')
    expect(body.generations).toHaveLength(1)
  })
})

describeWith('redis', 'requests that wait for Postgres', () => {
  test('are taken out of the queue, and nobody else’s', async () => {
    await start({ backend: 'redis', workers: 0 })
    const queue = createGenerationQueue(
      toQueueBackend(app.config, app.db),
      app.config.queue.name,
      () => {},
    )
    const defer = async (ownerId: string) => {
      const generation = aNewGeneration({ ownerId, prompt: SECRET })
      await queue.defer({ generation, parkedAt: new Date().toISOString() })
      return generation.id
    }
    try {
      await queue.settle(2_000)
      const [own, other] = [await defer(OWNER), await defer('bob')]
      expect(await queue.removeDeferred(OWNER)).toEqual({ removed: 1, held: 0 })
      expect(await queue.findDeferred(own)).toBeUndefined()
      expect(await queue.findDeferred(other)).toBeDefined()
    } finally {
      await queue.close()
    }
  })
})

describeWith('s3', 'erasing an owner whose images are in a bucket', () => {
  test('leaves nothing there either', async () => {
    const bucket = await createTestBucket()
    await start({ workers: 0, env: toS3Environment(bucket) })
    await suite()
  })
})

async function suite() {
  const bob = await createClient(app, 'bob')
  await fill()
  await fill('bob', 'a plain horse of Bob', 3)
  await createFold(app.db)()
  await mallory.call('POST', '/api/images', {
    body: await makePng(),
    headers: { 'content-type': 'image/png' },
  })
  const queued = await mallory.generate({ prompt: `${SECRET} waits` })
  expect(queued.status).toBe(202)
  await bob.generate({ prompt: 'of Bob, too' })
  // Nothing is paid for meanwhile: the figures can be compared.
  await app.db
    .updateTable('generations')
    .set({ runAfter: new Date('2100-01-01') })
    .where('status', '=', 'queued')
    .execute()
  const ids = await app.db
    .selectFrom('generations')
    .select('id')
    .where('ownerId', '=', OWNER)
    .execute()
  const mentioned = await findMentions(app.db, [OWNER, SECRET, queued.body.id])
  // So that the search at the end can't find nothing for want of anything to find.
  for (const table of [
    'generations',
    'image_metadata',
    'saved_items',
    'daily_figures',
    'webhook_deliveries',
    'webhook_attempts',
  ]) {
    expect(mentioned.some((column) => column.startsWith(`${table}.`))).toBe(true)
  }
  const [spent, others] = [await readSpentUsd(), await readOthers()]
  const startedAt = performance.now()
  const { status, body } = await mallory.call<ErasureReceipt>('DELETE', '/api/me')
  expect(status).toBe(202)
  expect(body).toMatchObject({ status: 'under_way', ownerDigest: digestOwner(OWNER) })
  await app.startWorker()
  const receipt = await waitForReceipt()
  if (process.env.ERASED_IMAGES) {
    const seconds = (performance.now() - startedAt) / 1_000
    process.stderr.write(`erased in ${seconds.toFixed(1)} s: ${JSON.stringify(receipt.erased)}\n`)
  }
  expect(receipt.erased).toMatchObject({
    generations: IMAGES + 1,
    images: IMAGES + 2,
    calls: IMAGES,
    items: IMAGES,
    idempotency: IMAGES,
    keys: 1,
    vectors: IMAGES,
    endpoints: 1,
    deliveries: 2,
  })
  expect(receipt.erased.events).toBeGreaterThanOrEqual(5 * IMAGES)
  expect(receipt.spentUsd).toBeCloseTo(IMAGES * COST_USD, 9)
  expect(JSON.stringify(receipt)).not.toContain(OWNER)
  expect(await findMentions(app.db, [OWNER, SECRET])).toEqual([])
  const keys = await listKeys()
  const gone = new Set(ids.map(({ id }) => id))
  expect(keys.filter((key) => gone.has(key.split('/')[1] ?? ''))).toEqual([])
  expect(keys.length).toBeGreaterThanOrEqual(3)
  expect(await readSpentUsd()).toEqual(spent)
  expect(await readOthers()).toBe(others)
}
