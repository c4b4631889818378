import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createFilesystemStore } from '../../src/adapters/storage/filesystem.ts'
import { createS3Store } from '../../src/adapters/storage/s3.ts'
import type { ImageStore, StoredImage, StoredObject } from '../../src/generation/ports.ts'
import { createTestBucket } from '../support/s3-bucket.ts'
import { describeWith } from '../support/skip.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

const SIGNATURES = {
  'image/png': Buffer.from('89504e470d0a1a0a', 'hex'),
  'image/jpeg': Buffer.from('ffd8ffe0', 'hex'),
  'image/avif': Buffer.from('\x00\x00\x00\x1cftypavif', 'latin1'),
  'image/webp': Buffer.from('RIFF\x00\x00\x00\x00WEBP', 'latin1'),
}

const image = (mimeType: keyof typeof SIGNATURES, rest: Uint8Array): StoredImage => ({
  mimeType,
  bytes: Buffer.concat([SIGNATURES[mimeType], rest]),
})
const randomImage = (size = 1_000) => image('image/png', randomBytes(size))
const newKey = () =>
  `generated/g_${randomBytes(20).toString('hex')}/${randomBytes(8).toString('hex')}`

/** Fails on one byte's difference without printing megabytes. */
const expectSame = (found: StoredImage | undefined, expected: StoredImage) => {
  expect(found?.mimeType).toBe(expected.mimeType)
  expect(found && Buffer.compare(found.bytes, expected.bytes)).toBe(0)
}

const listAll = async (store: ImageStore, folder: string): Promise<StoredObject[]> => {
  const objects: StoredObject[] = []
  for await (const page of store.list(folder)) {
    expect(page.length).toBeLessThanOrEqual(1_000)
    objects.push(...page)
  }
  return objects
}

type Backend = { open(): ImageStore; remove(): Promise<void> }

/** What every image store promises. */
const promisesOfAStore = (createBackend: () => Promise<Backend>) => {
  let backend: Backend
  let store: ImageStore
  beforeEach(async () => {
    backend = await createBackend()
    store = backend.open()
  })
  afterEach(async () => {
    store.close()
    await backend.remove()
  })

  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  test.each([
    ['a png of every byte value', image('image/png', everyByte)],
    ['a jpeg of nothing but its signature', image('image/jpeg', Buffer.alloc(0))],
    ['an avif of its first bytes', image('image/avif', Buffer.alloc(16))],
    ['a webp of line breaks and zeros', image('image/webp', Buffer.from('\r\n\n\0\0\r'))],
    ['a large png', randomImage(6_000_000)],
  ])('%s comes back as it was put', async (_name, given) => {
    const key = newKey()
    await expect(store.put(key, given)).resolves.toBe('stored')
    expectSame(await store.find(key), given)
    const opened = await store.open?.(key)
    if (!opened) throw new Error('it can’t be opened')
    const { mimeType, sizeBytes, stream } = opened
    expect([mimeType, sizeBytes]).toEqual([given.mimeType, given.bytes.byteLength])
    expectSame({ mimeType, bytes: await buffer(stream) }, given)
  })

  test('a view into a larger buffer is stored without its surroundings', async () => {
    const key = newKey()
    const given = randomImage()
    const surrounded = Buffer.concat([randomBytes(7), given.bytes, randomBytes(7)])
    await store.put(key, { ...given, bytes: surrounded.subarray(7, -7) })
    expectSame(await store.find(key), given)
  })

  test('an object outlives the process that put it', async () => {
    const key = newKey()
    const given = image('image/webp', randomBytes(100))
    await store.put(key, given)
    const restarted = backend.open()
    expectSame(await restarted.find(key), given)
    restarted.close()
  })

  test('an object is never overwritten', async () => {
    const key = newKey()
    const first = randomImage()
    await store.put(key, first)
    await expect(store.put(key, image('image/jpeg', randomBytes(10)))).resolves.toBe('exists')
    expectSame(await store.find(key), first)
  })

  test('of 20 racing writers exactly one stores, and its object is whole', async () => {
    const key = newKey()
    const images = Array.from({ length: 20 }, () => randomImage(100_000))
    const outcomes = await Promise.all(images.map((given) => store.put(key, given)))
    expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'exists')).toHaveLength(19)
    const winner = images[outcomes.indexOf('stored')]
    expectSame(await store.find(key), winner as StoredImage)
  })

  test('a reader sees nothing or the whole object while it is being put', async () => {
    const key = newKey()
    const given = randomImage(4_000_000)
    const putting = store.put(key, given)
    let found: StoredImage | undefined
    while (!found) found = await store.find(key)
    expectSame(found, given)
    await expect(putting).resolves.toBe('stored')
  })

  test('a key without an object has none', async () => {
    await expect(store.find(newKey())).resolves.toBeUndefined()
    expect(await store.open?.(newKey())).toBeUndefined()
  })

  test('a deleted object is gone, deleting it again succeeds and its key is free', async () => {
    const key = newKey()
    await store.put(key, randomImage())
    await store.delete(key)
    await store.delete(key)
    await expect(store.find(key)).resolves.toBeUndefined()
    await expect(store.put(key, randomImage())).resolves.toBe('stored')
  })

  test('tells which objects it has', async () => {
    const key = newKey()
    await store.put(key, randomImage())
    await expect(store.has(key)).resolves.toBe(true)
    await expect(store.has(newKey())).resolves.toBe(false)
    await store.delete(key)
    await expect(store.has(key)).resolves.toBe(false)
  })

  test('lists the objects of a folder with their size and age, and no others', async () => {
    const since = Date.now()
    await store.put('generated/a/1', randomImage(92))
    await store.put('generated/a/2', randomImage(192))
    await store.put('generated-not/a', randomImage())
    await store.put('uploads/a/1', randomImage())
    const objects = (await listAll(store, 'generated')).sort((a, b) => (a.key < b.key ? -1 : 1))
    expect(objects.map(({ key, sizeBytes }) => [key, sizeBytes])).toEqual([
      ['generated/a/1', 100],
      ['generated/a/2', 200],
    ])
    for (const { modifiedAt } of objects) {
      expect(Math.abs(modifiedAt.getTime() - since)).toBeLessThan(10_000)
    }
    await expect(listAll(store, 'nothing')).resolves.toEqual([])
  })

  test('lists more than a page, each object once', async () => {
    const keys = Array.from({ length: 1_050 }, (_, i) => `many/${i % 7}/${i}`)
    for (let start = 0; start < keys.length; start += 50) {
      await Promise.all(keys.slice(start, start + 50).map((key) => store.put(key, randomImage(1))))
    }
    const listed = (await listAll(store, 'many')).map(({ key }) => key)
    expect(listed.sort()).toEqual(keys.sort())
  })

  test('bytes of any kind are kept among what came besides images, and nowhere else', async () => {
    const bytes = Buffer.from('\0nothing that decodes')
    const object = { bytes, mimeType: 'application/octet-stream' as const }
    const key = `surplus/g_1/${randomUUID()}`
    expect(await store.put(key, object)).toBe('stored')
    expect(await store.put(key, object)).toBe('exists')
    expectSame(await store.find(key), object)
    await expect(store.put(newKey(), object)).rejects.toMatchObject({ code: 'internal' })
  })

  test.each([
    '',
    '/',
    '..',
    '../a',
    '/a',
    'a/../../b',
    'a//b',
    'a/',
    '.a',
    'a/.b',
    'a\\b',
    'a\0',
    'a b',
    'a?b',
  ])('the key %j is refused', async (key) => {
    const refusal = { code: 'internal', retryable: false }
    await expect((async () => store.put(key, randomImage()))()).rejects.toMatchObject(refusal)
    await expect((async () => store.find(key))()).rejects.toMatchObject(refusal)
    await expect((async () => store.delete(key))()).rejects.toMatchObject(refusal)
    await expect((async () => store.has(key))()).rejects.toMatchObject(refusal)
  })

  test('bytes that are not of the type they are given as are refused', async () => {
    const key = newKey()
    const wrong = { ...randomImage(), mimeType: 'image/jpeg' as const }
    await expect(store.put(key, wrong)).rejects.toMatchObject({ code: 'internal' })
    await expect(store.find(key)).resolves.toBeUndefined()
  })

  test('a store that works answers a ping', async () => {
    await expect(store.ping()).resolves.toBeUndefined()
  })
}

describe('filesystem store', () => {
  promisesOfAStore(async () => {
    const { path, remove } = await makeTemporaryFolder('store')
    return { open: () => createFilesystemStore({ directory: join(path, 'images') }), remove }
  })

  let directory: string
  let remove: () => Promise<void>
  beforeEach(async () => {
    const folder = await makeTemporaryFolder('store')
    directory = folder.path
    remove = folder.remove
  })
  afterEach(() => remove())

  test('racing writers leave the one object and nothing beside it', async () => {
    const store = createFilesystemStore({ directory })
    await Promise.all(Array.from({ length: 20 }, () => store.put('a/b', randomImage())))
    await expect(readdir(directory, { recursive: true })).resolves.toEqual(['a', 'a/b'])
  })

  test('what a crashed writer left is no object and in nobody’s way', async () => {
    const store = createFilesystemStore({ directory })
    const leftover = `.${randomUUID()}.tmp`
    await mkdir(join(directory, 'a'))
    await writeFile(join(directory, 'a', leftover), randomImage().bytes)
    await expect((async () => store.find(`a/${leftover}`))()).rejects.toThrow('malformed')
    await expect(store.find('a/b')).resolves.toBeUndefined()
    await expect(store.put('a/b', randomImage())).resolves.toBe('stored')
  })

  test('what a crashed writer left is not listed, and removed when it is old', async () => {
    const store = createFilesystemStore({ directory })
    await store.put('a/b', randomImage())
    const [old, young] = [`.${randomUUID()}.tmp`, `.${randomUUID()}.tmp`]
    for (const name of [old, young]) await writeFile(join(directory, 'a', name), 'half')
    await utimes(join(directory, 'a', old), new Date(0), new Date(0))
    await utimes(join(directory, 'a', 'b'), new Date(0), new Date(0))
    expect((await listAll(store, 'a')).map(({ key }) => key)).toEqual(['a/b'])
    const anHourAgo = new Date(Date.now() - 60 * 60_000)
    await expect(store.removeLeftovers(anHourAgo)).resolves.toBe(1)
    await expect(store.removeLeftovers(anHourAgo)).resolves.toBe(0)
    expect((await readdir(join(directory, 'a'))).sort()).toEqual([young, 'b'].sort())
  })

  test('a directory that is not there is a failure, not a missing object', async () => {
    const store = createFilesystemStore({ directory: join(directory, 'not-mounted') })
    await expect(store.has('a/b')).rejects.toThrow('ENOENT')
    await store.put('a/b', randomImage())
    await rm(join(directory, 'not-mounted', 'a'), { recursive: true })
    await expect(store.has('a/b')).resolves.toBe(false)
  })

  test('a disk that refuses the write leaves nothing behind', async () => {
    const store = createFilesystemStore({ directory })
    await writeFile(join(directory, 'a'), 'a file where a directory is needed')
    await expect(store.put('a/b', randomImage())).rejects.toThrow()
    await expect(readdir(directory)).resolves.toEqual(['a'])
  })

  test('its objects have no URL of their own', async () => {
    await expect(createFilesystemStore({ directory }).findUrl('a/b')).resolves.toBeUndefined()
  })

  test('a directory that cannot be made fails the ping', async () => {
    await writeFile(join(directory, 'file'), '')
    const store = createFilesystemStore({ directory: join(directory, 'file', 'images') })
    await expect(store.ping()).rejects.toThrow()
  })
})

describeWith('s3', 's3 store', () => {
  promisesOfAStore(async () => {
    const config = await createTestBucket()
    return { open: () => createS3Store(config), remove: async () => {} }
  })
})
