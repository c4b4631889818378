import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { Migrator, sql } from 'kysely'
import { createDatabase as openDatabase } from '../../db/database.ts'
import { findPendingMigrations, migrateToLatest } from '../../db/migrate.ts'
import { migrateQueue } from '../../src/adapters/queue/prepare.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import before from '../support/database-of-0.1.json' with { type: 'json' }

/* The rows are what 0.1 wrote when it was asked for these prompts, in its own schema. */

const LAST_MIGRATION = '0015-verdicts'
/** What it took for other words: "10²" was "102". */
const OTHER_WORDS = [
  '10² tiles',
  'E=mc² on a board',
  '½ cup',
  '① on a door',
  'Acme™',
  '𝕄𝔸𝕏 in lights',
]

let database: TestDatabase
let app: TestApp
let alice: Client

beforeAll(async () => {
  database = await createDatabase(process.env.TEST_DATABASE_URL ?? '')
  await makeAsBefore(database.url)
  expect(await findPendingMigrations(database.url)).not.toEqual([])
  await migrateToLatest(database.url)
  await migrateQueue(database.url)
  app = await startTestApp({ workers: 0, env: { DATABASE_URL: database.url } })
  alice = await createClient(app)
})
afterAll(async () => {
  await app.stop()
  await database.drop()
})

const makeAsBefore = async (url: string): Promise<void> => {
  const folder = join(import.meta.dirname, '../../db/migrations')
  const names = (await readdir(folder)).map((file) => file.replace(/\.ts$/, '')).sort()
  const load = async (name: string) => [name, await import(join(folder, `${name}.ts`))]
  const known = await Promise.all(names.filter((name) => name <= LAST_MIGRATION).map(load))
  const db = openDatabase({ url, poolSize: 1, onIdleError: () => {} })
  const provider = { getMigrations: async () => Object.fromEntries(known) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error) throw error
  for (const [table, rows] of Object.entries(before.tables)) {
    for (const row of rows) {
      const columns = sql.join(Object.keys(row).map((column) => sql.ref(column)))
      await sql`insert into ${sql.table(table)} (${columns}) select ${columns}
        from jsonb_populate_record(null::${sql.table(table)}, ${JSON.stringify(row)}::jsonb)`.execute(
        db,
      )
    }
  }
  await db.destroy()
}

describe('after an upgrade', () => {
  const sameWords = before.asked.filter(({ prompt }) => !OTHER_WORDS.includes(prompt))

  test.each(sameWords)('nothing is bought again: $prompt', async ({ prompt, id }) => {
    const { status, body } = await alice.generate({ prompt })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id, isExisting: true, reuse: { source: 'exact' } })
    expect(app.gemini.countCalls()).toBe(0)
  })

  test.each(['a  red bicycle\n', 'caf\u00e9 at\u200b night', '❤\ufe0f\non a wall'])(
    'nor for who writes the same words otherwise: %j',
    async (prompt) => {
      expect((await alice.generate({ prompt })).body.isExisting).toBe(true)
    },
  )

  test('what was asked for before and not made yet is joined, and made once', async () => {
    const prompt = 'still queued ❤️'
    const { body } = await alice.generate({ prompt })
    expect(body).toMatchObject({ status: 'queued', reuse: { source: 'joined' } })
    expect(app.gemini.countCalls()).toBe(0)
    await app.startWorker()
    await alice.generateAndWait({ prompt })
    expect(app.gemini.countCalls('still queued')).toBe(1)
  })

  test.each(OTHER_WORDS)('other words are made, as they are written: %s', async (prompt) => {
    const { body } = await alice.generateAndWait({ prompt })
    expect(body).toMatchObject({ status: 'succeeded', isExisting: false, prompt })
    expect(before.asked.map(({ id }) => id)).not.toContain(body.id)
    expect(app.gemini.countCalls(prompt)).toBe(1)
  })

  test('what failed is tried again, with the words as they are written now', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'failed ２ times' })
    expect(body.status).toBe('succeeded')
    expect(app.gemini.calls.map(({ prompt }) => prompt)).toContain('failed ２ times')
  })

  test('a key that came before is good for the same request, and for no other', async () => {
    const [plain, forced, cut] = before.keyed
    const request = { prompt: 'under a key', aspectRatio: '16:9' }
    const ask = (body: Record<string, unknown>, key: string) =>
      alice.generate(body, { 'Idempotency-Key': key })
    expect((await ask(request, 'k-1')).body.id).toBe(plain)
    expect((await ask({ ...request, skipExistingCheck: true }, 'k-2')).body.id).toBe(forced)
    expect((await ask({ prompt: 'wait for 10² of them…' }, 'k-3')).body.id).toBe(cut)
    for (const body of [
      { ...request, variant: 'x' },
      { ...request, skipExistingCheck: true },
    ]) {
      expect((await ask(body, 'k-1')).status).toBe(422)
    }
  })
})

describe('after a restart with another default model', () => {
  const body = { prompt: 'whatever the default is', imageSize: '4K' }
  const key = { 'Idempotency-Key': 'k-9' }
  let made: string
  let other: TestApp | undefined

  beforeAll(async () => {
    const answer = await alice.generateAndWait(body, key)
    expect(answer.body.model).toBe('gemini-nano-banana-2.1')
    made = answer.body.id
  })
  afterEach(() => other?.stop())

  // The second makes no images of that size.
  test.each(['gemini-3-pro-image', 'gemini-3.1-flash-lite-image'])(
    'a key is good for the same body, from before the upgrade and from after it: %s',
    async (GEMINI_MODEL) => {
      other = await startTestApp({ workers: 0, env: { DATABASE_URL: database.url, GEMINI_MODEL } })
      const client = await createClient(other)
      const again = await client.generate(body, key)
      expect(again).toMatchObject({ status: 200, body: { id: made } })
      const older = { prompt: 'under a key', aspectRatio: '16:9' }
      const old = await client.generate(older, { 'Idempotency-Key': 'k-1' })
      expect(old).toMatchObject({ status: 200, body: { id: before.keyed[0] } })
      const another = { ...body, prompt: 'something else', imageSize: '1K' }
      expect((await client.generate(another, key)).status).toBe(422)
      expect(other.gemini.countCalls()).toBe(0)
    },
  )
})
