import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { Image } from '../../src/contract/image.ts'
import { imageSchema } from '../../src/contract/image.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Answer, type Client, createClient } from '../support/client.ts'
import { createHolds } from '../support/held.ts'
import {
  fetchBytes,
  findObjects,
  isPlaceholder,
  listImages,
  uploadImage,
} from '../support/images.ts'
import { makePng } from '../support/pictures.ts'
import { expectProblem } from '../support/problems.ts'

type Page = { images: Image[]; nextCursor: string | null }

const NOT_FOUND = { status: 404, code: 'not_found' }
const LONG = 'public, max-age=31536000, immutable'

let app: TestApp
let alice: Client
let bob: Client
let holds: ReturnType<typeof createHolds>

beforeAll(async () => {
  app = await startTestApp()
  alice = await createClient(app)
  bob = await createClient(app, 'bob')
  holds = createHolds(app.gemini)
})
afterAll(() => app.stop())
afterEach(() => holds.release())

describe('an upload', () => {
  test('becomes one of the images of its owner', async () => {
    const bytes = await makePng('#102030', 40, 20)
    const { status, headers, body } = await uploadImage(alice, bytes)
    expect(status).toBe(201)
    expect(headers.get('location')).toBe(body.imageUrl)
    imageSchema.strict().parse(body)
    expect(body).toMatchObject({
      imageType: 'user_uploaded',
      mimeType: 'image/png',
      width: 40,
      height: 20,
    })
    const shown = await fetch(body.imageUrl)
    expect(shown.headers.get('cache-control')).toBe(LONG)
    expect((await shown.arrayBuffer()).byteLength).toBe(body.sizeBytes)
    const head = await fetch(body.imageUrl, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, `${body.sizeBytes}`])
    expect((await listImages(alice)).map(({ id }) => id)).toContain(body.id)
    expect((await listImages(bob)).map(({ id }) => id)).not.toContain(body.id)
  })

  test('of the same bytes, ten times at once, is one image and one object', async () => {
    const before = (await findObjects(app)).length
    const bytes = await makePng('#112233', 33)
    const answers = await Promise.all(Array.from({ length: 10 }, () => uploadImage(alice, bytes)))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(new Set(answers.map(({ body }) => body.imageUrl)).size).toBe(1)
    const again = await uploadImage(alice, bytes)
    expect(again.body).toEqual(answers[0]?.body)
    expect(await findObjects(app)).toHaveLength(before + 1)
  })

  test('of the same bytes by another owner is another image', async () => {
    const bytes = await makePng('#445566')
    const hers = await uploadImage(alice, bytes)
    const his = await uploadImage(bob, bytes)
    expect(his.body.id).not.toBe(hers.body.id)
  })

  test('loses all that is not its pixels, and stands upright', async () => {
    const photo = await sharp(await makePng('#aa5500', 30, 20))
      .jpeg()
      .withExif({ IFD0: { Copyright: 'SecretName', Orientation: '6' } })
      .withMetadata({ orientation: 6 })
      .toBuffer()
    expect((await sharp(photo).metadata()).orientation).toBe(6)
    const { body } = await uploadImage(
      alice,
      Buffer.concat([photo, Buffer.from('PK tail')]),
      'image/jpeg',
    )
    expect(body).toMatchObject({ mimeType: 'image/jpeg', width: 20, height: 30 })
    const stored = await fetchBytes(body.imageUrl)
    const metadata = await sharp(stored).metadata()
    expect(metadata.exif).toBeUndefined()
    expect(metadata.orientation).toBeUndefined()
    expect(stored.includes('SecretName')).toBe(false)
    expect(stored.includes('PK tail')).toBe(false)
    const wide = await sharp(photo).rotate(0).withIccProfile('p3').png().toBuffer()
    const { body: other } = await uploadImage(alice, wide)
    expect((await sharp(await fetchBytes(other.imageUrl)).metadata()).icc).toBeUndefined()
  })

  test('is what its bytes are, whatever it is said to be', async () => {
    const { status, body } = await uploadImage(alice, await makePng('#778899'), 'image/webp')
    expect(status).toBe(201)
    expect(body.mimeType).toBe('image/png')
  })

  test('can be what a generation goes by, by its id', async () => {
    const { body: uploaded } = await uploadImage(alice, await makePng('#00ff00', 12))
    const conditioned = await alice.generateAndWait({
      prompt: 'in this green',
      conditionImage: uploaded.id,
    })
    expect(conditioned.body).toMatchObject({ status: 'succeeded', isConditioned: true })
    const call = await app.gemini.waitForCall(({ prompt }) => prompt.includes('in this green'))
    const sent = call.body.contents.flatMap(({ parts }) => parts.flatMap((p) => p.inlineData ?? []))
    expect(sent.map(({ data }) => data)).toEqual([
      (await fetchBytes(uploaded.imageUrl)).toString('base64'),
    ])
    const bobs = await bob.fail('POST', '/api/visualize/generate', {
      body: { prompt: 'in this green', conditionImage: uploaded.id },
    })
    expectProblem(bobs, { status: 400, code: 'invalid_request', pointers: ['/conditionImage'] })
  })
})

describe('the list of images', () => {
  test('tells generated, uploaded and placeholders apart', async () => {
    const carol = await createClient(app, 'carol')
    const { body: made } = await carol.generateAndWait({ prompt: 'a shelf' })
    const { body: uploaded } = await uploadImage(carol, await makePng('#c0ffee'))
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body: failed } = await carol.generateAndWait({ prompt: 'a broken shelf' })
    const ids = async (type: string) =>
      (await listImages(carol, `?type=${type}`)).map(({ id }) => id)
    expect(await ids('generated')).toEqual([made.id])
    expect(await ids('user_uploaded')).toEqual([uploaded.id])
    expect(await ids('placeholder')).toEqual([failed.id])
    const all = await listImages(carol)
    expect(all.map(({ id }) => id)).toEqual([failed.id, uploaded.id, made.id])
    for (const { imageUrl } of all) expect((await fetch(imageUrl)).status).toBe(200)
    expect(isPlaceholder(await fetch(all[0]?.imageUrl ?? ''))).toBe(true)
  })

  test('has the image in place of its placeholder once there is one', async () => {
    const dave = await createClient(app, 'dave')
    app.gemini.behave({ kind: 'prompt_blocked' })
    await dave.generateAndWait({ prompt: 'a shelf' })
    app.gemini.behave({ kind: 'image' })
    await dave.generateAndWait({ prompt: 'a shelf' })
    expect((await listImages(dave)).map(({ imageType }) => imageType)).toEqual(['generated'])
  })

  test('gives every image once, page by page, with equal times too', async () => {
    const erin = await createClient(app, 'erin')
    const made = await Promise.all(
      Array.from({ length: 7 }, async (_, i) => uploadImage(erin, await makePng(`#00000${i}`))),
    )
    await app.db
      .updateTable('imageMetadata')
      .set({ generatedAt: new Date('2026-01-01T00:00:00.500Z') })
      .where('userId', '=', 'erin')
      .execute()
    const seen: string[] = []
    let next: string | undefined = '/api/images?type=user_uploaded&limit=3'
    while (next) {
      const { headers, body }: Answer<Page> = await erin.call('GET', next)
      seen.push(...body.images.map(({ id }) => id))
      next = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
    }
    expect(seen).toHaveLength(7)
    expect([...seen].sort()).toEqual(made.map(({ body }) => body.id).sort())
  })
})

describe('deleting', () => {
  const remove = (client: Client, id: string) => client.call('DELETE', `/api/images/${id}`)

  test('an upload takes away the row and the object', async () => {
    const before = await findObjects(app)
    const { body } = await uploadImage(alice, await makePng('#abcdef', 21))
    expect(await findObjects(app)).toHaveLength(before.length + 1)
    expect((await remove(alice, body.id)).status).toBe(204)
    expect(await findObjects(app)).toEqual(before)
    expect((await listImages(alice)).map(({ id }) => id)).not.toContain(body.id)
    expect((await fetch(body.imageUrl)).status).toBe(404)
    expectProblem(await alice.fail('DELETE', `/api/images/${body.id}`), NOT_FOUND)
  })

  test('an upload and uploading it again gives it back', async () => {
    const bytes = await makePng('#fedcba', 22)
    const { body: first } = await uploadImage(alice, bytes)
    await remove(alice, first.id)
    const { body: second } = await uploadImage(alice, bytes)
    expect(second.id).toBe(first.id)
    expect((await fetch(first.imageUrl)).status).toBe(200)
  })

  test('a generated image lets it be made anew, which its old URL then shows', async () => {
    const before = await findObjects(app)
    const { body: first } = await alice.generateAndWait({ prompt: 'a vase to break' })
    const oldBytes = await fetchBytes(first.imageUrl)
    expect((await remove(alice, first.id)).status).toBe(204)
    expect(await findObjects(app)).toEqual(before)
    expect(isPlaceholder(await fetch(first.imageUrl))).toBe(true)
    const { body: gone } = await alice.get(first.id)
    expect(gone).toMatchObject({
      status: 'canceled',
      isPlaceholder: true,
      error: { code: 'image_deleted', retryable: true },
    })

    const { body: second } = await alice.generateAndWait({ prompt: 'a vase to break' })
    expect(second).toMatchObject({ id: first.id, status: 'succeeded', isExisting: false })
    expect(app.gemini.countCalls('a vase to break')).toBe(2)
    const newBytes = await fetchBytes(second.imageUrl)
    expect(newBytes).not.toEqual(oldBytes)
    const old = await fetch(first.imageUrl)
    expect(old.headers.get('cache-control')).toBe('public, max-age=60')
    expect(Buffer.from(await old.arrayBuffer())).toEqual(newBytes)
  })

  test('one of two images of a request leaves the other to answer for it', async () => {
    const { body: plain } = await alice.generateAndWait({ prompt: 'a pair of vases' })
    const { body: forced } = await alice.generateAndWait({
      prompt: 'a pair of vases',
      skipExistingCheck: true,
    })
    await remove(alice, forced.id)
    const { body: again } = await alice.generate({ prompt: 'a pair of vases' })
    expect(again).toMatchObject({ id: plain.id, isExisting: true })
  })

  test("another owner's image is not possible", async () => {
    const { body } = await uploadImage(alice, await makePng('#123abc'))
    expectProblem(await bob.fail('DELETE', `/api/images/${body.id}`), NOT_FOUND)
    expect((await fetch(body.imageUrl)).status).toBe(200)
  })

  test('a placeholder leaves the failure', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body } = await alice.generateAndWait({ prompt: 'a cracked vase' })
    expect((await remove(alice, body.id)).status).toBe(204)
    expect((await alice.get(body.id)).body.status).toBe('failed')
    expect(isPlaceholder(await fetch(body.imageUrl))).toBe(true)
  })

  test('what a waiting generation goes by fails it with the reason', async () => {
    const { body: uploaded } = await uploadImage(alice, await makePng('#0f0f0f', 14))
    app.gemini.behave({ kind: 'sequence', steps: [{ kind: 'rate_limited', retryDelay: '1s' }] })
    const { body } = await alice.generate({ prompt: 'like this', conditionImage: uploaded.id })
    await app.gemini.waitForCall(({ prompt }) => prompt.includes('like this'))
    await remove(alice, uploaded.id)
    const { body: failed } = await alice.get(body.id, { Prefer: 'wait=20' })
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'condition_image_gone' } })
  })

  test('what a failed generation went by is made good by sending the same bytes again', async () => {
    const { body: picture } = await alice.generateAndWait({ prompt: 'a model for a vase' })
    const bytes = await fetchBytes(picture.imageUrl)
    app.gemini.behave({ kind: 'prompt_blocked' })
    const wanted = { prompt: 'a vase like it' }
    await alice.generateAndWait({ ...wanted, conditionImage: picture.id })
    await remove(alice, picture.id)
    app.gemini.behave({ kind: 'image' })
    const { body } = await alice.generateAndWait({
      ...wanted,
      conditionImage: bytes.toString('base64'),
    })
    expect(body).toMatchObject({ status: 'succeeded', isConditioned: true })
  })
})
