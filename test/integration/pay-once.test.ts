import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { createFilesystemStore } from '../../src/adapters/storage/filesystem.ts'
import { createSpool } from '../../src/adapters/storage/spool.ts'
import type { EncodedImage, ImageStore } from '../../src/generation/ports.ts'
import { toNanoUsd } from '../../src/lib/money.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp

afterEach(() => app.stop())

const makePng = async (): Promise<EncodedImage> => {
  const background = { r: 10, g: 120, b: 200 }
  const image = sharp({ create: { width: 32, height: 24, channels: 3, background } })
  return { bytes: await image.png().toBuffer(), mimeType: 'image/png' }
}

const readRow = (id: string) =>
  app.db
    .selectFrom('generations')
    .select(['objectKey', 'paidCalls', 'costNanoUsd'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()

test('bytes that an earlier attempt left in the spool are adopted, not bought again', async () => {
  app = await startTestApp({ workers: 0 })
  const alice = await createClient(app)
  const { body } = await alice.generate({ prompt: 'spooled' })
  const { objectKey } = await readRow(body.id)
  const { bytes } = await makePng()
  const spool = createSpool({ directory: join(app.dataDir, 'spool') })
  await spool.write(objectKey, { bytes, costNanoUsd: 500_000_000 })
  await app.startWorker()
  const done = await alice.get(body.id, { Prefer: 'wait=20' })
  expect(done.body).toMatchObject({ status: 'succeeded', width: 32, height: 24 })
  expect(app.gemini.countCalls()).toBe(0)
  await waitFor(async () => !(await spool.find(objectKey)), { what: 'the spool to be empty' })
})

test('an object that an earlier attempt stored is adopted, not bought again', async () => {
  app = await startTestApp({ workers: 0 })
  const alice = await createClient(app)
  const { body } = await alice.generate({ prompt: 'stored' })
  const { objectKey } = await readRow(body.id)
  const image = await makePng()
  const store = createFilesystemStore({ directory: join(app.dataDir, 'images') })
  await store.put(objectKey, image)
  await app.startWorker()
  const done = await alice.get(body.id, { Prefer: 'wait=20' })
  expect(done.body).toMatchObject({ status: 'succeeded', width: 32, height: 24 })
  const served = await fetch(done.body.imageUrl)
  expect(Buffer.from(await served.arrayBuffer())).toEqual(Buffer.from(image.bytes))
  expect(app.gemini.countCalls()).toBe(0)
})

test('a call whose worker died is booked when its bytes are adopted', async () => {
  app = await startTestApp({ workers: 0 })
  const alice = await createClient(app)
  const { body } = await alice.generate({ prompt: 'booked late' })
  const { objectKey } = await readRow(body.id)
  const attempt = { generationId: body.id, fence: 1, workerId: 'dead', provider: 'gemini' as const }
  await app.db
    .insertInto('attempts')
    .values({ ...attempt, model: body.model })
    .execute()
  const { bytes } = await makePng()
  const spool = createSpool({ directory: join(app.dataDir, 'spool') })
  await spool.write(objectKey, { bytes, costNanoUsd: 500_000_000 })
  await app.startWorker()
  const done = await alice.get(body.id, { Prefer: 'wait=20' })
  expect(done.body).toMatchObject({ status: 'succeeded', costUsd: 0.5 })
})

test('a disk that takes no spool is no reason to lose what was paid for', async () => {
  app = await startTestApp({ workers: 0 })
  await writeFile(join(app.dataDir, 'spool'), 'in the way of the folder')
  await app.startWorker()
  const alice = await createClient(app)
  const { body } = await alice.generateAndWait({ prompt: 'no room' })
  expect(body).toMatchObject({ status: 'succeeded', attempts: 1 })
  expect(app.gemini.countCalls()).toBe(1)
})

test('a store in trouble is tried again without another call', async () => {
  const folder = await makeTemporaryFolder('store')
  const files = createFilesystemStore({ directory: folder.path })
  let failures = 3
  const flaky: ImageStore = {
    ...files,
    put: async (key, image) => {
      if (failures-- > 0) throw new Error('the store is in trouble')
      return files.put(key, image)
    },
  }
  app = await startTestApp({ overrides: { store: flaky } })
  const alice = await createClient(app)
  const { body } = await alice.generateAndWait({ prompt: 'stored at last' })
  expect(body.status).toBe('succeeded')
  expect(failures).toBeLessThan(0)
  expect(app.gemini.countCalls()).toBe(1)
  await folder.remove()
})

test('a generation that has cost its share fails without a further call', async () => {
  app = await startTestApp({ workers: 0 })
  const alice = await createClient(app)
  const { body } = await alice.generate({ prompt: 'enough' })
  await app.db.updateTable('generations').set({ paidCalls: 3 }).where('id', '=', body.id).execute()
  await app.startWorker()
  const done = await alice.get(body.id, { Prefer: 'wait=20' })
  expect(done.body).toMatchObject({ status: 'failed', error: { code: 'attempts_exhausted' } })
  expect(app.gemini.countCalls()).toBe(0)
})

test('every call has its intent and its outcome in the books', async () => {
  app = await startTestApp()
  const alice = await createClient(app)
  app.gemini.behave({ kind: 'sequence', steps: [{ kind: 'overloaded' }, { kind: 'image' }] })
  const { body } = await alice.generateAndWait({ prompt: 'audited' })
  const attempts = await app.db
    .selectFrom('attempts')
    .select(['outcome', 'mayHaveCharged', 'costNanoUsd'])
    .where('generationId', '=', body.id)
    .orderBy('id')
    .execute()
  expect(attempts).toEqual([
    { outcome: 'overloaded', mayHaveCharged: false, costNanoUsd: 0 },
    { outcome: 'image', mayHaveCharged: true, costNanoUsd: toNanoUsd(body.costUsd ?? 0) },
  ])
})

test('a job that was lost is made again from its row', async () => {
  app = await startTestApp({ workers: 0 })
  const alice = await createClient(app)
  const { body } = await alice.generate({ prompt: 'found again' })
  await app.removeJob(body.id)
  await app.db
    .updateTable('generations')
    .set({ enqueuedAt: new Date(Date.now() - 60_000) })
    .where('id', '=', body.id)
    .execute()
  await app.startWorker()
  const done = await alice.get(body.id, { Prefer: 'wait=20' })
  expect(done.body.status).toBe('succeeded')
})

test('every answer that cost nothing is recorded with what it saved', async () => {
  app = await startTestApp()
  const alice = await createClient(app)
  const { body } = await alice.generateAndWait({ prompt: 'saved' })
  await alice.generate({ prompt: 'saved' })
  const skipped = await waitFor(
    () =>
      app.db
        .selectFrom('generationEvents')
        .select(['ownerId', 'data'])
        .where('type', '=', 'generation_skipped')
        .where('generationId', '=', body.id)
        .executeTakeFirst(),
    { what: 'the record' },
  )
  expect(skipped).toEqual({
    ownerId: 'alice',
    data: { source: 'exact', savedUsd: body.costUsd, promptDigest: expect.any(String) },
  })
})
