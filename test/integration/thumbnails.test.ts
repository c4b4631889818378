import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { createThumbnails } from '../../src/adapters/images/thumbnails.ts'
import { createFilesystemStore } from '../../src/adapters/storage/filesystem.ts'
import type { Image } from '../../src/contract/image.ts'
import type { ImageStore } from '../../src/generation/ports.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createHolds } from '../support/held.ts'
import { makePng } from '../support/pictures.ts'
import { createTestBucket, publishBucket, toS3Environment } from '../support/s3-bucket.ts'
import { describeWith } from '../support/skip.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

let colour = 0
/** An upload of its own, larger than all thumbnails but the largest. */
const upload = async (client: Client): Promise<Image> => {
  colour += 1
  const png = await makePng(`#0000${String(colour).padStart(2, '0')}`, 1_000, 500)
  const { body } = await client.call<Image>('POST', '/api/images', {
    body: new Uint8Array(png),
    headers: { 'content-type': 'image/png' },
  })
  return body
}

/** As a browser asks that reads avif. */
const get = async (url: string, headers = {}) => {
  const accept = 'image/avif,image/webp,*/*;q=0.8'
  const response = await fetch(url, { headers: { accept, ...headers } })
  return { response, bytes: Buffer.from(await response.arrayBuffer()) }
}

const measure = async (bytes: Buffer) => {
  const { format, width, height } = await sharp(bytes).metadata()
  return { format, width, height }
}

describe('a thumbnail', () => {
  let app: TestApp
  let alice: Client
  let holds: ReturnType<typeof createHolds>

  beforeAll(async () => {
    app = await startTestApp()
    alice = await createClient(app)
    holds = createHolds(app.gemini)
  })
  afterAll(() => app.stop())
  afterEach(() => holds.release())

  const findFiles = async (): Promise<string[]> => {
    const directory = join(app.dataDir, 'images')
    const entries = await readdir(directory, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  }

  test('is webp of the width that was asked for, and may be kept for ever', async () => {
    const { imageUrl } = await upload(alice)
    const { response, bytes } = await get(`${imageUrl}&w=320`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('image/webp')
    expect(response.headers.get('vary') ?? '').not.toMatch(/\bAccept\b/)
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(await measure(bytes)).toEqual({ format: 'webp', width: 320, height: 160 })
    const unversioned = await get(`${imageUrl.replace(/\?.*/, '')}?w=320`)
    expect(unversioned.response.headers.get('cache-control')).toBe('public, max-age=60')
    expect(unversioned.bytes).toEqual(bytes)
  })

  test('is avif at a URL of its own, so that no cache gives it to those who can’t read it', async () => {
    const { imageUrl } = await upload(alice)
    const avif = await get(`${imageUrl}&w=160&format=avif`)
    expect(avif.response.headers.get('content-type')).toBe('image/avif')
    expect(await measure(avif.bytes)).toMatchObject({ format: 'heif', width: 160, height: 80 })
    const webp = await get(`${imageUrl}&w=160`)
    expect(webp.response.headers.get('content-type')).toBe('image/webp')
    expect(webp.response.headers.get('etag')).not.toBe(avif.response.headers.get('etag'))
  })

  test('is the whole image in another format where no width is asked for, and goes with it', async () => {
    const { id, imageUrl } = await upload(alice)
    const before = await findFiles()
    for (const format of ['png', 'jpeg', 'webp']) {
      const { response, bytes } = await get(`${imageUrl}&format=${format}`)
      expect(response.headers.get('content-type')).toBe(`image/${format}`)
      expect(response.headers.get('cache-control')).toContain('immutable')
      expect(await measure(bytes)).toEqual({ format, width: 1_000, height: 500 })
    }
    // One is as it was.
    expect(await findFiles()).toHaveLength(before.length + 2)
    const plain = await get(imageUrl)
    const same = await get(`${imageUrl}&format=${(await measure(plain.bytes)).format}`)
    expect(Buffer.compare(plain.bytes, same.bytes)).toBe(0)
    expect((await get(`${imageUrl}&format=gif`)).response.status).toBe(400)
    expect((await get(`${imageUrl}&w=320&format=png`)).response.status).toBe(400)
    await alice.call('DELETE', `/api/images/${id}`)
    expect(await findFiles()).toHaveLength(before.length - 1)
  })

  test('is never larger than its image', async () => {
    const { imageUrl } = await upload(alice)
    const { bytes } = await get(`${imageUrl}&w=1280`)
    expect(await measure(bytes)).toEqual({ format: 'webp', width: 1_000, height: 500 })
  })

  test('is 304 for those who have it', async () => {
    const { imageUrl } = await upload(alice)
    const { response } = await get(`${imageUrl}&w=640`)
    const etag = response.headers.get('etag') ?? ''
    const again = await get(`${imageUrl}&w=640`, { 'if-none-match': etag })
    expect(again.response.status).toBe(304)
    const other = await get(`${imageUrl}&w=320`, { 'if-none-match': etag })
    expect(other.response.status).toBe(200)
  })

  test('that twenty ask for at once is made once', async () => {
    const folder = await makeTemporaryFolder('thumbnails')
    const store = createFilesystemStore({ directory: folder.path })
    const object = { key: 'generated/a/1', version: 'abcdef012345' }
    await store.put(object.key, { bytes: await makePng(), mimeType: 'image/png' })
    const stored: string[] = []
    const put: ImageStore['put'] = (key, image) => {
      stored.push(key)
      return store.put(key, image)
    }
    const find = createThumbnails({ ...store, put })
    const size = { width: 160, format: 'webp' as const }
    await Promise.all(Array.from({ length: 20 }, () => find(object, size)))
    await find(object, size)
    expect(stored).toEqual(['generated/a/1.abcdef012345.w160.webp'])
    await folder.remove()
  })

  test('that twenty ask for at once is one object, and comes from the store afterwards', async () => {
    const { imageUrl } = await upload(alice)
    const before = (await findFiles()).length
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(`${imageUrl}&w=320`)))
    for (const { bytes } of answers) expect(bytes).toEqual(answers[0]?.bytes)
    expect(await findFiles()).toHaveLength(before + 1)
    const { bytes } = await get(`${imageUrl}&w=320`)
    expect(bytes).toEqual(answers[0]?.bytes)
    expect(await findFiles()).toHaveLength(before + 1)
  })

  test('that cannot be stored leaves the image itself, to be asked for again soon', async () => {
    const folder = await makeTemporaryFolder('thumbnails')
    const store = createFilesystemStore({ directory: folder.path })
    const put: ImageStore['put'] = async (key, image) => {
      if (key.endsWith('.webp')) throw new Error('no space left')
      return store.put(key, image)
    }
    const other = await startTestApp({ workers: 0, overrides: { store: { ...store, put } } })
    try {
      const { imageUrl } = await upload(await createClient(other))
      const { response, bytes } = await get(`${imageUrl}&w=160`)
      expect(response.headers.get('cache-control')).toBe('public, max-age=60')
      expect(await measure(bytes)).toEqual({ format: 'png', width: 1_000, height: 500 })
    } finally {
      await other.stop()
      await folder.remove()
    }
  })

  test('goes with its image when that is deleted', async () => {
    const before = await findFiles()
    const image = await upload(alice)
    for (const w of [160, 640]) {
      await get(`${image.imageUrl}&w=${w}`)
      await get(`${image.imageUrl}&w=${w}&format=avif`)
    }
    expect(await findFiles()).toHaveLength(before.length + 5)
    expect((await alice.call('DELETE', `/api/images/${image.id}`)).status).toBe(204)
    expect(await findFiles()).toEqual(before)
    expect((await get(`${image.imageUrl}&w=160`)).response.status).toBe(404)
  })

  test('of an image that is still being made is the placeholder as it is', async () => {
    const held = await holds.start(alice, 'a slow thumb')
    const { body } = await alice.get(held.id)
    const { response, bytes } = await get(`${body.urls.image}?w=160`)
    expect(response.headers.get('imageonce-placeholder')).toBe('true')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect((await measure(bytes)).width).toBeGreaterThan(160)
    held.open()
    await alice.get(held.id, { Prefer: 'wait=20' })
    const made = await get(`${body.urls.image}?w=160`)
    expect(made.response.headers.get('imageonce-placeholder')).toBeNull()
  })

  test('of an image whose object is gone is the placeholder', async () => {
    const { imageUrl } = await upload(alice)
    const [objectKey] = (
      await app.db
        .selectFrom('imageMetadata')
        .select('objectKey')
        .orderBy('generatedAt', 'desc')
        .execute()
    ).map((row) => row.objectKey)
    await rm(join(app.dataDir, 'images', objectKey ?? ''))
    const { response } = await get(`${imageUrl}&w=320`)
    expect(response.headers.get('imageonce-placeholder')).toBe('true')
  })

  test.each(['0', '321', '160.0', 'wide', ''])('of a width of "%s" is refused', async (w) => {
    const { imageUrl } = await upload(alice)
    const response = await fetch(`${imageUrl}&w=${w}`)
    expect(response.status).toBe(400)
    const problem = (await response.json()) as { detail: string; errors: { pointer: string }[] }
    expect(problem.detail).toContain('160, 320, 640, 1280')
    expect(problem.errors.map(({ pointer }) => pointer)).toEqual(['?w'])
  })
})

describeWith('s3', 'a thumbnail in an S3 store', () => {
  let app: TestApp

  afterEach(() => app.stop())

  test.each([false, true])('is where the URL leads (public bucket: %s)', async (isPublic) => {
    const bucket = await createTestBucket()
    if (isPublic) await publishBucket(bucket)
    app = await startTestApp({
      workers: 0,
      env: {
        ...toS3Environment(bucket),
        ...(isPublic && { PUBLIC_IMAGE_BASE_URL: `${bucket.endpoint}/${bucket.bucket}` }),
      },
    })
    const { imageUrl } = await upload(await createClient(app))
    for (const round of ['made', 'found']) {
      const redirect = await fetch(`${imageUrl}&w=320`, { redirect: 'manual' })
      await redirect.arrayBuffer()
      expect([round, redirect.status]).toEqual([round, 302])
      expect(redirect.headers.get('location')).toContain('.w320.webp')
      expect(redirect.headers.get('vary')).toMatch(/\bOrigin\b/)
    }
    const { response, bytes } = await get(`${imageUrl}&w=320&format=avif`)
    expect(response.headers.get('content-type')).toBe('image/avif')
    expect(await measure(bytes)).toMatchObject({ width: 320, height: 160 })
  })
})
