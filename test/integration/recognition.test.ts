import { afterAll, beforeAll, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { ImageRow } from '../../db/schema.ts'
import { bottle } from '../../eval/conditions/scenes.ts'
import { createFilesystemStore } from '../../src/adapters/storage/filesystem.ts'
import { type Config, parseConfig } from '../../src/app/config.ts'
import type { Resources } from '../../src/app/resources.ts'
import { createUploads } from '../../src/app/submit.ts'
import { digestHex } from '../../src/contract/identity.ts'
import { deleteImage } from '../../src/generation/read/images.ts'
import { conditionDigestOf, findConditionDigest } from '../../src/generation/read/list-images.ts'
import { recognizePicture } from '../../src/generation/submit/recognize.ts'
import { resolveConditionImage, uploadImage } from '../../src/generation/submit/uploads.ts'
import {
  insertGeneration,
  insertImage,
  newGenerationId,
  openTestDatabase,
} from '../support/rows.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>
let folder: TemporaryFolder
let store: ReturnType<typeof createFilesystemStore>
let picture: Buffer
let asWebp: Buffer
let asJpeg: Buffer
let changed: Buffer
let owners = 0

beforeAll(async () => {
  database = await openTestDatabase()
  folder = await makeTemporaryFolder('recognition')
  store = createFilesystemStore({ directory: folder.path })
  ;[picture, changed] = (await Promise.all([bottle.draw(), bottle.draw('volume')])) as [
    Buffer,
    Buffer,
  ]
  asWebp = await sharp(picture).webp({ lossless: true, effort: 0 }).toBuffer()
  asJpeg = await sharp(picture).jpeg({ quality: 92 }).toBuffer()
})
afterAll(async () => {
  await store.close()
  await database.close()
  await folder.remove()
})

/** What one owner, who has no picture yet, may do under a setting. */
const createOwner = (conditionMatch: Config['conditionMatch'] = 'perceptual') => {
  const { db } = database
  const ownerId = `owner ${owners++}`
  const deps = createUploads({ conditionMatch } as Config, { db, store } as Resources)
  return {
    ownerId,
    upload: (bytes: Uint8Array) => uploadImage(deps, ownerId, bytes),
    /** The digest by which a condition image enters the identity. */
    identify: async (conditionImage: string) =>
      (await resolveConditionImage(deps, ownerId, conditionImage)).digest,
    remove: ({ id }: ImageRow) => deleteImage({ db, store, onOrphan: () => {} }, ownerId, id),
  }
}

test('copies of a picture are the same condition image, each with a row and an object of its own', async () => {
  const { ownerId, upload, identify } = createOwner()
  const first = await upload(picture)
  const copies = [await upload(asWebp), await upload(asJpeg)]
  expect(copies.map(conditionDigestOf)).toEqual([first.sourceDigest, first.sourceDigest])
  expect(new Set([first, ...copies].map(({ id }) => id)).size).toBe(3)
  expect(new Set([first, ...copies].map(({ objectKey }) => objectKey)).size).toBe(3)
  for (const named of [first.id, copies[1]?.id ?? '', asJpeg.toString('base64')]) {
    expect(await identify(named)).toBe(first.sourceDigest)
  }
  const digest = await digestHex(asJpeg)
  expect(await findConditionDigest(database.db, ownerId, digest)).toBe(first.sourceDigest)
})

test('a picture with other small print is another condition image', async () => {
  const { upload } = createOwner()
  await upload(picture)
  const row = await upload(changed)
  expect(conditionDigestOf(row)).toBe(row.sourceDigest)
})

test("another owner's picture is never the same condition image", async () => {
  await createOwner().upload(picture)
  const row = await createOwner().upload(asWebp)
  expect(conditionDigestOf(row)).toBe(row.sourceDigest)
})

test('copies are what they were when the first of them is deleted, and so is that when it returns', async () => {
  const { upload, identify, remove } = createOwner()
  const first = await upload(picture)
  const copy = await upload(asWebp)
  await remove(first)
  expect(await identify(copy.id)).toBe(first.sourceDigest)
  const exact = await upload(await sharp(picture).png({ compressionLevel: 1 }).toBuffer())
  expect(conditionDigestOf(exact)).toBe(first.sourceDigest)
  expect(await upload(picture)).toMatchObject({ id: first.id, conditionDigest: null })
})

test('copies that come at once are all taken', async () => {
  const { upload } = createOwner()
  const rows = await Promise.all([picture, asWebp, asJpeg, picture].map(upload))
  expect(new Set(rows.map(({ id }) => id)).size).toBe(3)
})

test('a picture that was made is recognised in a copy once it was a condition image', async () => {
  const { ownerId, upload, identify } = createOwner()
  const made = await insertMade(ownerId)
  expect(await identify(made.id)).toBe(made.sourceDigest)
  expect(conditionDigestOf(await upload(asJpeg))).toBe(made.sourceDigest)
})

test('what was made from a picture is found under its digest, though a copy came first', async () => {
  const { ownerId, upload, identify } = createOwner()
  const made = await insertMade(ownerId)
  await insertGeneration(database.db, { ownerId, conditionImageDigest: made.sourceDigest })
  await upload(asWebp)
  expect(await identify(made.id)).toBe(made.sourceDigest)
})

/** The picture as a generation's image. */
const insertMade = async (ownerId: string) => {
  const id = newGenerationId()
  const sourceDigest = await digestHex(picture)
  const object = { objectKey: `generated/${id}/0`, width: 640, height: 480, sourceDigest }
  await store.put(object.objectKey, { bytes: picture, mimeType: 'image/png' })
  await database.db.insertInto('users').values({ id: ownerId }).execute()
  await insertImage(database.db, { id, userId: ownerId, ...object })
  return { id, sourceDigest }
}

test('uploads from before there was recognition are recognised too', async () => {
  const { ownerId, upload } = createOwner()
  const older = await upload(picture)
  await database.db
    .updateTable('imageMetadata')
    .set({ pixelDigest: null, perceptualHash: null })
    .where('userId', '=', ownerId)
    .execute()
  expect(conditionDigestOf(await upload(asJpeg))).toBe(older.sourceDigest)
})

test('with CONDITION_MATCH=pixels only equal pixels are the same, with off only equal bytes', async () => {
  expect(parseConfig({}).conditionMatch).toBe('perceptual')
  for (const [setting, copies] of [
    ['pixels', [true, false]],
    ['off', [false, false]],
  ] as const) {
    const { upload } = createOwner(setting)
    const first = await upload(picture)
    const rows = [await upload(asWebp), await upload(asJpeg)]
    expect(rows.map((row) => conditionDigestOf(row) === first.sourceDigest)).toEqual(copies)
  }
})

test.each([
  ['of 4K', 4_096, 1],
  ['of 25 megapixels', 6_100, 0],
])('a picture %s, %d wide, is compared with %d that is alike', async (_name, width, times) => {
  const { db } = database
  const ownerId = `owner ${owners++}`
  await db.insertInto('users').values({ id: ownerId }).execute()
  const size = { width, height: 4_096 }
  const [perceptualHash, digest] = ['01'.repeat(32), 'a'.repeat(64)]
  const key = { objectKey: 'uploads/alike', sourceDigest: digest, pixelDigest: digest }
  const row = { imageType: 'user_uploaded' as const, perceptualHash, ...size, ...key }
  await insertImage(db, { id: `i_${ownerId}`, userId: ownerId, ...row })
  let compared = 0
  const recognition = {
    print: async () => ({ pixelDigest: 'b'.repeat(64), perceptualHash }),
    looksSame: async () => {
      compared++
      return false
    },
  }
  await store.put(key.objectKey, { bytes: asJpeg, mimeType: 'image/jpeg' })
  const seen = { ...size, ownerId, bytes: asJpeg, sourceDigest: 'c'.repeat(64) }
  await recognizePicture({ db, store, recognition }, seen)
  expect(compared).toBe(times)
})
