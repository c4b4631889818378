import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createStore } from '../../src/app/resources.ts'
import { exportOwner } from '../../src/features/owners/export-owner.ts'
import type { ImageStore } from '../../src/generation/ports.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { fillOwner } from '../support/fill-owner.ts'
import { waitFor } from '../support/wait-for.ts'

const OWNER = 'mallory@example.org'
const SECRET = 'a striped unicorn of Mallory'
const IMAGES = 12
const IMAGE_BYTES = 300_000

const run = promisify(execFile)

let app: TestApp
let store: ImageStore
let mallory: Client

beforeAll(async () => {
  app = await startTestApp({ workers: 0 })
  store = createStore(app.config)
  mallory = await createClient(app, OWNER)
  const filled = { ownerId: OWNER, secret: SECRET, images: IMAGES, costUsd: 0.039 }
  await fillOwner(app.db, store, filled, IMAGE_BYTES)
  await fillOwner(app.db, store, {
    ...filled,
    ownerId: 'bob',
    secret: 'a plain horse of Bob',
    images: 2,
  })
})
afterAll(async () => {
  store.close()
  await app.stop()
})

/** The archive, as `tar` reads it. */
const download = async (client: Client, path: string) => {
  const response = await fetch(`${app.url}${path}`, {
    headers: { authorization: client.authorization },
  })
  expect(response.headers.get('content-type')).toBe('application/x-tar')
  expect(response.headers.get('cache-control')).toContain('no-store')
  const file = join(app.dataDir, `export-${Math.random()}.tar`)
  await writeFile(file, Buffer.from(await response.arrayBuffer()))
  const { stdout } = await run('tar', ['-tf', file])
  const read = async (name: string) =>
    (await run('tar', ['-xOf', file, name], { encoding: 'buffer', maxBuffer: 2 ** 26 })).stdout
  return { names: stdout.trim().split('\n'), read }
}

describe('an export', () => {
  test('has all rows and images of its owner, nobody else’s, and no secret', async () => {
    const { names, read } = await download(mallory, '/api/me/export')
    expect(names[0]).toBe('about.json')
    expect(names.at(-1)).toBe('end.json')
    expect(names.filter((name) => /^images\/[gi]_\w+\.png$/.test(name))).toHaveLength(IMAGES + 1)
    const about = JSON.parse(String(await read('about.json')))
    expect(about).toMatchObject({ ownerId: OWNER, knownSince: expect.any(String) })
    const { counts, missing } = JSON.parse(String(await read('end.json')))
    expect(missing).toEqual([])
    expect(counts).toMatchObject({
      generations: IMAGES,
      images: IMAGES + 1,
      calls: IMAGES,
      surplus: 1,
      events: 5 * IMAGES,
      'saved-items': IMAGES,
      webhooks: 1,
      deliveries: 1,
      imageFiles: IMAGES + 1,
    })
    const texts = await Promise.all(
      names.filter((name) => name.endsWith('.jsonl')).map(async (name) => String(await read(name))),
    )
    const rows = texts.flatMap((text) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    )
    expect(rows.filter(({ prompt }) => prompt?.startsWith(SECRET)).length).toBeGreaterThan(IMAGES)
    expect(texts.join()).not.toMatch(/Bob|"secret": ?"whsec|object_key|worker_id/)
    const [image] = await app.db
      .selectFrom('imageMetadata')
      .select(['id', 'objectKey'])
      .where('userId', '=', OWNER)
      .where('imageType', '=', 'generated')
      .limit(1)
      .execute()
    const stored = await store.find(image?.objectKey ?? '')
    expect(Buffer.compare(await read(`images/${image?.id}.png`), stored?.bytes as Buffer)).toBe(0)
  })

  test('is for its owner and operators alone', async () => {
    const bob = await createClient(app, 'bob')
    const owner = encodeURIComponent(OWNER)
    const refused = await bob.fail('GET', `/api/owners/${owner}/export`)
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    const operator = await createClient(app, 'ops', true)
    const { names } = await download(operator, `/api/owners/${owner}/export`)
    expect(names.filter((name) => name.startsWith('images/g_'))).toHaveLength(IMAGES)
  })

  test('reads no further than its reader, and ends when that hangs up', async () => {
    const request = get(`${app.url}/api/me/export`, {
      headers: { authorization: mallory.authorization },
    })
    const [response] = await once(request, 'response')
    response.once('data', () => response.pause())
    const busy = await waitFor(
      async () => {
        const answer = await mallory.call<{ code: string }>('GET', '/api/me/export', {
          signal: AbortSignal.timeout(5_000),
        })
        return answer.status === 429 && answer
      },
      { what: 'a second one to be refused' },
    )
    expect(busy.body.code).toBe('too_many_exports')
    request.destroy()
    await waitFor(
      async () => (await download(mallory, '/api/me/export')).names.at(-1) === 'end.json',
      {
        what: 'the first one to have ended',
      },
    )
  })

  test('is not read ahead of: an image is fetched when its turn comes', async () => {
    let fetched = 0
    const counting = {
      find: (key: string) => {
        fetched += 1
        return store.find(key)
      },
    }
    const archive = exportOwner(
      { db: app.db, store: counting },
      OWNER,
      new AbortController().signal,
    )
    for await (const piece of archive) if (piece.byteLength > IMAGE_BYTES) break
    expect(fetched).toBe(1)
  })
})
