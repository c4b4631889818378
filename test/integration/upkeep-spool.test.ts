import { randomBytes } from 'node:crypto'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSpool } from '../../src/adapters/storage/spool.ts'
import { createSpoolFiles } from '../../src/adapters/storage/spool-files.ts'
import type { GenerationStatus } from '../../src/contract/vocabulary.ts'
import { cleanSpool } from '../../src/features/maintenance/spool-files.ts'
import { insertGeneration, openTestDatabase } from '../support/rows.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>
let directory: string
let remove: () => Promise<void>

beforeEach(async () => {
  database = await openTestDatabase()
  const folder = await makeTemporaryFolder('spool')
  directory = folder.path
  remove = folder.remove
})
afterEach(async () => {
  await database.close()
  await remove()
})

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60
const DAY_MS = DAY_MINUTES * MINUTE_MS

const clean = () => cleanSpool({ db: database.db, spool: createSpoolFiles({ directory }) })
const find = (key: string) => createSpool({ directory }).find(key)
const listFiles = () => readdir(directory)

const age = async (name: string, ageMs: number) => {
  const time = new Date(Date.now() - ageMs)
  await utimes(join(directory, name), time, time)
}

/** Spools a result of a generation in that state; returns its key. */
const spool = async (status: GenerationStatus | 'none', ageMs: number): Promise<string> => {
  const key =
    status === 'none'
      ? 'generated/g_none/1'
      : (await insertGeneration(database.db, { status })).objectKey
  const before = new Set(await listFiles())
  await createSpool({ directory }).write(key, {
    bytes: randomBytes(20_000),
    costNanoUsd: 100_000_000,
  })
  for (const name of await listFiles()) if (!before.has(name)) await age(name, ageMs)
  return key
}

test.each([
  ['no', 61, 'deleted'],
  ['a succeeded', 61, 'deleted'],
  ['a canceled', 61, 'deleted'],
  ['a succeeded', 59, 'kept'],
  ['a failed', 6 * DAY_MINUTES, 'kept'],
  ['a failed', 8 * DAY_MINUTES, 'deleted'],
  ['a queued', 30 * DAY_MINUTES, 'kept'],
  ['a running', 30 * DAY_MINUTES, 'kept'],
] as const)('a result of %s generation is after %i minutes %s', async (whose, minutes, outcome) => {
  const isKept = outcome === 'kept'
  const status = whose === 'no' ? 'none' : (whose.slice(2) as GenerationStatus)
  const key = await spool(status, minutes * MINUTE_MS)
  expect(await clean()).toEqual({ deleted: isKept ? 0 : 1, leftovers: 0 })
  expect((await find(key)) !== undefined).toBe(isKept)
  expect(await clean()).toEqual({ deleted: 0, leftovers: 0 })
})

test('a file of the release before is read, and deleted after a week', async () => {
  const key = await spool('queued', 0)
  const [name = ''] = await listFiles()
  const file = await readFile(join(directory, name))
  const end = file.indexOf(10)
  const { key: _, ...header } = JSON.parse(file.subarray(0, end).toString())
  const old = Buffer.concat([Buffer.from(JSON.stringify(header)), file.subarray(end)])
  await writeFile(join(directory, name), old)
  expect(await find(key)).toMatchObject({ costNanoUsd: 100_000_000 })
  await age(name, 6 * DAY_MS)
  expect(await clean()).toEqual({ deleted: 0, leftovers: 0 })
  await age(name, 8 * DAY_MS)
  expect(await clean()).toEqual({ deleted: 1, leftovers: 0 })
})

test('a file that nothing can be read from is deleted after a week', async () => {
  await writeFile(join(directory, 'damaged'), 'no header')
  await age('damaged', 6 * DAY_MS)
  expect(await clean()).toMatchObject({ deleted: 0 })
  await age('damaged', 8 * DAY_MS)
  expect(await clean()).toMatchObject({ deleted: 1 })
})

test('what a crashed writer left is deleted after an hour', async () => {
  await writeFile(join(directory, '.old.tmp'), 'half')
  await age('.old.tmp', 61 * MINUTE_MS)
  await writeFile(join(directory, '.new.tmp'), 'half')
  expect(await clean()).toEqual({ deleted: 0, leftovers: 1 })
  expect(await listFiles()).toEqual(['.new.tmp'])
})

test('a result that was written anew after it was listed stays', async () => {
  const key = await spool('canceled', 61 * MINUTE_MS)
  const files = createSpoolFiles({ directory })
  for await (const file of files.list()) {
    await createSpool({ directory }).write(key, { bytes: randomBytes(9), costNanoUsd: 200_000_000 })
    expect(await files.remove(file)).toBe(false)
  }
  expect(await find(key)).toMatchObject({ costNanoUsd: 200_000_000 })
})

test('two workers on one disk delete each file once', async () => {
  for (let i = 0; i < 5; i++) await spool('canceled', 61 * MINUTE_MS)
  await Promise.all([clean(), clean()])
  expect(await listFiles()).toEqual([])
})

test('a spool that was never used is clean', async () => {
  const spoolFiles = createSpoolFiles({ directory: join(directory, 'none') })
  const report = await cleanSpool({ db: database.db, spool: spoolFiles })
  expect(report).toEqual({ deleted: 0, leftovers: 0 })
})

test('nothing is deleted while Postgres is away', async () => {
  const key = await spool('canceled', 61 * MINUTE_MS)
  const away = await openTestDatabase()
  await away.close()
  const run = cleanSpool({ db: away.db, spool: createSpoolFiles({ directory }) })
  await expect(run).rejects.toThrow()
  expect(await find(key)).toBeDefined()
})
