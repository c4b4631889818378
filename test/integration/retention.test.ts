import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { parseConfig } from '../../src/app/config.ts'
import { retentionDeps } from '../../src/app/feature-deps.ts'
import { createStore } from '../../src/app/resources.ts'
import type { AnalyticsSummary } from '../../src/contract/analytics.ts'
import { createFold } from '../../src/features/analytics/fold.ts'
import { createAccessLog } from '../../src/features/retention/access-log.ts'
import { applyRetention } from '../../src/features/retention/apply-retention.ts'
import type { KeptDays } from '../../src/features/retention/statements.ts'
import type { ImageStore } from '../../src/generation/ports.ts'
import { createLogger } from '../../src/lib/logger.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { makePng } from '../support/pictures.ts'
import { insertCheck } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

const logger = createLogger('silent', 'start')
const NOTHING = { ...parseConfig({}).retention }

let app: TestApp
let store: ImageStore
let alice: Client
let operator: Client

beforeEach(async () => {
  app = await startTestApp()
  store = createStore(app.config)
  alice = await createClient(app)
  operator = await createClient(app, 'ops', true)
})
afterEach(async () => {
  store.close()
  await app.stop()
})

const retain = (keptDays: Partial<KeptDays>, isApplied = true) => {
  const config = { ...app.config, retention: { ...NOTHING, ...keptDays } }
  return applyRetention(retentionDeps(config, { db: app.db, store }, logger), { isApplied })
}

/** As if all that there is had been so for a hundred days. */
const letTimePass = async () => {
  await createFold(app.db)()
  const ago = `- interval '100 days'`
  for (const change of [
    `generations set created_at = created_at ${ago}, finished_at = finished_at ${ago}, queued_at = queued_at ${ago}`,
    `attempts set started_at = started_at ${ago}, finished_at = finished_at ${ago}`,
    `generation_events set created_at = created_at ${ago}`,
    `similarity_checks set created_at = created_at ${ago}`,
    `image_metadata set generated_at = generated_at ${ago}`,
    `installation set accesses_since = accesses_since ${ago}`,
  ]) {
    await sql.raw(`update ${change}`).execute(app.db)
  }
}

const untilCounted = () =>
  waitFor(
    async () => {
      const { rows } = await sql<{ left: number }>`
        select count(*)::int as left from generation_events, analytics_progress where generation_events.id > event_id`.execute(
        app.db,
      )
      return rows[0]?.left === 0
    },
    { what: 'analytics to have all events' },
  )

const readSpentUsd = async (): Promise<number> => {
  const { body } = await operator.call<AnalyticsSummary>('GET', '/api/analytics/summary')
  return body.figures.spendUsd
}

const count = async (table: 'generations' | 'attempts' | 'generationEvents' | 'similarityChecks') =>
  (await app.db.selectFrom(table).select(sql`1`.as('one')).execute()).length

test('removes what is old, keeps the money in the books, and buys only what was removed', async () => {
  const kept = await alice.generateAndWait({ prompt: 'a kept horse' })
  app.gemini.behave({ kind: 'prompt_blocked' })
  const failed = await alice.generateAndWait({ prompt: 'a refused horse' })
  expect(failed.body.status).toBe('failed')
  app.gemini.behave({ kind: 'image' })
  await insertCheck(app.db, { generationId: kept.body.id })
  await untilCounted()
  await letTimePass()
  const young = await alice.generateAndWait({ prompt: 'a young horse' })
  await untilCounted()
  const spentUsd = await readSpentUsd()
  const days = { events: 30, calls: 30, failed: 30, prompts: 30, comparisons: 30, history: 30 }

  const due = await retain(days, false)
  expect(due).toMatchObject({ calls: 2, failed: 1, prompts: 2, comparisons: 1, history: 0 })
  expect(await count('generations')).toBe(3)
  const removed = await retain(days)
  expect(removed).toMatchObject({ failed: 1, prompts: 1, calls: 1, comparisons: 1 })
  expect(removed.events).toBe(due.events)
  expect(await retain(days)).toEqual({
    ...removed,
    failed: 0,
    prompts: 0,
    calls: 0,
    comparisons: 0,
    events: 0,
  })

  expect(await count('generations')).toBe(2)
  expect(await count('attempts')).toBe(1)
  expect(await readSpentUsd()).toBe(spentUsd)
  const shown = await alice.get(kept.body.id)
  expect(shown.body.prompt).toMatch(/^sha256:[0-9a-f]{64}$/)
  expect((await alice.get(young.body.id)).body.prompt).toBe('a young horse')
  const calls = app.gemini.countCalls()
  const again = await alice.generate({ prompt: 'a kept horse' })
  expect(again.body).toMatchObject({ id: kept.body.id, status: 'succeeded', isExisting: true })
  expect(app.gemini.countCalls()).toBe(calls)
  const anew = await alice.generateAndWait({ prompt: 'a refused horse' })
  expect(anew.body.status).toBe('succeeded')
  expect(app.gemini.countCalls()).toBe(calls + 1)
})

test('never asks the model for a digest', async () => {
  app.gemini.behave({ kind: 'prompt_blocked' })
  const { body } = await alice.generateAndWait({ prompt: 'a refused horse' })
  await untilCounted()
  await letTimePass()
  await retain({ prompts: 30 })
  const calls = app.gemini.countCalls()
  const refused = await alice.fail('POST', `/api/generations/${body.id}/retry`)
  expect(refused.body.code).toBe('not_retryable')
  const again = await alice.fail('POST', `/api/generations/${body.id}/regenerate`)
  expect(again.body.code).toBe('not_retryable')
  expect(app.gemini.countCalls()).toBe(calls)
  app.gemini.behave({ kind: 'image' })
  const anew = await alice.generateAndWait({ prompt: 'a refused horse' })
  expect(anew.body).toMatchObject({ id: body.id, status: 'succeeded', prompt: 'a refused horse' })
})

test('takes the words of all that was said, and of the answer', async () => {
  const words = 'a private lighthouse'
  app.gemini.behave({ kind: 'image_with_drafts' })
  const { body } = await alice.generateAndWait({
    prompt: 'a horse',
    seed: 7,
    negativePrompt: words,
    turns: [{ role: 'user', text: words }],
  })
  await untilCounted()
  await letTimePass()
  await retain({ prompts: 30 })
  const { rows } = await sql<{ text: string }>`
    select to_jsonb(g)::text || m::text as text from generations g join image_metadata m on m.id = g.id
    where g.id = ${body.id}`.execute(app.db)
  expect(rows[0]?.text).toContain('"seed": 7')
  expect(rows[0]?.text).not.toMatch(/private lighthouse|Here it is/)
})

test('keeps an upload that was named lately among others, or before the prompt', async () => {
  const names = ['#111111', '#222222', '#333333', '#444444']
  const images = await Promise.all(
    names.map(async (colour) => (await makePng(colour)).toString('base64')),
  )
  const [first, second, third, unused] = images
  const upload = await alice.call('POST', '/api/images', {
    body: Buffer.from(unused ?? '', 'base64'),
    headers: { 'content-type': 'image/png' },
  })
  expect(upload.status).toBe(201)
  await alice.generateAndWait({
    prompt: 'young',
    conditionImages: [first, second],
    turns: [{ role: 'user', images: [third] }],
  })
  const { body } = await alice.generateAndWait({ prompt: 'old', conditionImages: [unused, first] })
  await untilCounted()
  await letTimePass()
  await sql`update generations set created_at = now() where id <> ${body.id}`.execute(app.db)
  await retain({ unusedImages: 30 })
  const kept = await app.db
    .selectFrom('imageMetadata')
    .select('id')
    .where('imageType', '=', 'user_uploaded')
    .execute()
  expect(kept).toHaveLength(3)
})

test('removes images that nobody has looked at, and only those', async () => {
  const [seen, unseen, saved] = [
    await alice.generateAndWait({ prompt: 'seen' }),
    await alice.generateAndWait({ prompt: 'unseen' }),
    await alice.generateAndWait({ prompt: 'saved' }),
  ]
  const item = { title: 'an item', prompt: 'saved' }
  expect((await alice.call('POST', '/api/saved-items', { body: item })).status).toBeLessThan(300)
  await letTimePass()
  const log = createAccessLog({ db: app.db, logger })
  log.recordAccess(seen.body.id)
  await log.stop()
  expect(await retain({ unusedImages: 30 }, false)).toEqual({ unusedImages: 1 })
  expect(await retain({ unusedImages: 30 })).toEqual({ unusedImages: 1 })
  const left = await app.db.selectFrom('imageMetadata').select('id').orderBy('id').execute()
  expect(left.map(({ id }) => id)).toEqual([seen.body.id, saved.body.id].sort())
  expect(await store.has(`${(await objectKeyOf(seen.body.id)) ?? ''}`)).toBe(true)
  const calls = app.gemini.countCalls()
  const anew = await alice.generateAndWait({ prompt: 'unseen' })
  expect(anew.body).toMatchObject({ id: unseen.body.id, status: 'succeeded', isExisting: false })
  expect(app.gemini.countCalls()).toBe(calls + 1)
})

test('an image is shown, and that is written down when the API stops at the latest', async () => {
  const { body } = await alice.generateAndWait({ prompt: 'seen' })
  expect((await fetch(body.imageUrl)).status).toBe(200)
  await app.stopApis()
  const { accessedOn } = await app.db
    .selectFrom('imageMetadata')
    .select('accessedOn')
    .where('id', '=', body.id)
    .executeTakeFirstOrThrow()
  expect(accessedOn).not.toBeNull()
})

const objectKeyOf = async (id: string) =>
  (
    await app.db
      .selectFrom('imageMetadata')
      .select('objectKey')
      .where('id', '=', id)
      .executeTakeFirst()
  )?.objectKey
