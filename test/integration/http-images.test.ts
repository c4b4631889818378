import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { Image } from '../../src/contract/image.ts'
import { imageSchema } from '../../src/contract/image.ts'
import { createImageSigner } from '../../src/http/image-urls.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Answer, createClient } from '../support/client.ts'
import { createHolds } from '../support/held.ts'
import { makePng } from '../support/pictures.ts'
import { expectProblem } from '../support/problems.ts'

type Client = Awaited<ReturnType<typeof createClient>>
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

const fetchBytes = async (url: string): Promise<Buffer> =>
  Buffer.from(await (await fetch(url)).arrayBuffer())

const isPlaceholder = (response: Response): boolean =>
  response.headers.get('imageonce-placeholder') === 'true' &&
  response.headers.get('cache-control') === 'no-store'

const upload = (client: Client, bytes: Uint8Array, type = 'image/png'): Promise<Answer<Image>> =>
  client.call('POST', '/api/images', { body: bytes, headers: { 'content-type': type } })

const list = async (client: Client, query = ''): Promise<Image[]> => {
  const { status, body } = await client.call<Page>('GET', `/api/images${query}`)
  expect(status).toBe(200)
  for (const image of body.images) imageSchema.strict().parse(image)
  return body.images
}

/** All objects that the store keeps, as paths. */
const findObjects = async (): Promise<string[]> => {
  const entries = await readdir(join(app.dataDir, 'images'), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('the URL of an image that there is', () => {
  test('shows its bytes, to be cached for ever', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a lamp' })
    const response = await fetch(body.imageUrl)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(response.headers.get('cache-control')).toBe(LONG)
    expect(response.headers.get('imageonce-placeholder')).toBeNull()
    const { width, height, format } = await sharp(await response.arrayBuffer()).metadata()
    expect({ width, height, format }).toEqual({
      width: body.width,
      height: body.height,
      format: 'png',
    })
  })

  test('may be used in pages of other sites', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a lamp' })
    const { headers } = await fetch(body.imageUrl)
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('without its version is cached for a short time only', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a lamp' })
    for (const url of [body.urls.image, `${body.urls.image}?v=000000000000`]) {
      const response = await fetch(url)
      expect(response.headers.get('cache-control')).toBe('public, max-age=60')
      expect(Buffer.from(await response.arrayBuffer())).toEqual(await fetchBytes(body.imageUrl))
    }
  })

  test('is 304 for who has it', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a lamp' })
    const etag = (await fetch(body.imageUrl)).headers.get('etag') ?? ''
    const again = await fetch(body.imageUrl, { headers: { 'If-None-Match': etag } })
    expect(again.status).toBe(304)
    expect(await again.text()).toBe('')
    expect(again.headers.get('cache-control')).toBe(LONG)
    const other = await fetch(body.imageUrl, { headers: { 'If-None-Match': '"other"' } })
    expect(other.status).toBe(200)
  })

  test('by HEAD has the headers and no body', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a lamp' })
    const get = await fetch(body.imageUrl)
    const size = (await get.arrayBuffer()).byteLength
    const head = await fetch(body.imageUrl, { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(head.headers.get('content-length')).toBe(String(size))
    expect(head.headers.get('etag')).toBe(get.headers.get('etag'))
    expect((await head.arrayBuffer()).byteLength).toBe(0)
  })
})

describe('the URL of an image that there is not yet', () => {
  test('shows a stand-in in the asked ratio, never to be cached', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a lamp' })
    holds.hold()
    const wide = await alice.generate({ prompt: 'a wide lamp', aspectRatio: '16:9' })
    const response = await fetch(wide.body.imageUrl)
    expect(response.status).toBe(200)
    expect(isPlaceholder(response)).toBe(true)
    expect(response.headers.get('etag')).toBeNull()
    const { width = 0, height = 1 } = await sharp(await response.arrayBuffer()).metadata()
    expect(width / height).toBeCloseTo(16 / 9, 1)
    expect(await fetchBytes(wide.body.imageUrl)).not.toEqual(await fetchBytes(body.imageUrl))
  })

  test('waits for it when asked to', async () => {
    const held = await holds.start(alice, 'a slow lamp')
    const { body } = await alice.get(held.id)
    const waiting = fetch(`${body.urls.image}?wait=20`)
    held.open()
    const response = await waiting
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(isPlaceholder(response)).toBe(false)
  })

  test('waits no longer than asked', async () => {
    const held = await holds.start(alice, 'a very slow lamp')
    const { body } = await alice.get(held.id)
    expect(isPlaceholder(await fetch(`${body.urls.image}?wait=1`))).toBe(true)
    expect(isPlaceholder(await fetch(`${body.urls.image}?wait=0`))).toBe(true)
  })

  test('shows the image from then on', async () => {
    const held = await holds.start(alice, 'a lamp to come')
    const { body } = await alice.get(held.id)
    expect(isPlaceholder(await fetch(body.imageUrl))).toBe(true)
    held.open()
    await alice.get(held.id, { Prefer: 'wait=20' })
    expect(isPlaceholder(await fetch(body.imageUrl))).toBe(false)
  })
})

describe('the URL of an image that will not come', () => {
  test('shows another stand-in, and none of them waits', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body: failed } = await alice.generateAndWait({ prompt: 'a broken lamp' })
    const held = await holds.start(alice, 'a canceled lamp')
    const pending = await fetchBytes((await alice.get(held.id)).body.imageUrl)
    const { body: canceled } = await alice.call<{ imageUrl: string }>(
      'POST',
      `/api/generations/${held.id}/cancel`,
    )
    for (const url of [failed.imageUrl, canceled.imageUrl]) {
      const response = await fetch(`${url}?wait=20`)
      expect(response.status).toBe(200)
      expect(isPlaceholder(response)).toBe(true)
      expect(Buffer.from(await response.arrayBuffer())).not.toEqual(pending)
    }
  })

  test('shows the image after all, once asking again made it', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body: failed } = await alice.generateAndWait({ prompt: 'a mended lamp' })
    app.gemini.behave({ kind: 'image' })
    await alice.generateAndWait({ prompt: 'a mended lamp' })
    expect(isPlaceholder(await fetch(failed.imageUrl))).toBe(false)
  })
})

describe('the URL of an image whose object is lost', () => {
  const loseObject = async (id: string) => {
    const objects = (await findObjects()).filter((path) => path.includes(id))
    expect(objects).toHaveLength(1)
    await Promise.all(objects.map((path) => rm(path)))
  }

  test('shows a stand-in, never to be cached, and asking again makes a new image', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a lost lamp' })
    const calls = app.gemini.countCalls()
    await loseObject(body.id)
    const response = await fetch(body.imageUrl)
    expect(response.status).toBe(200)
    expect(isPlaceholder(response)).toBe(true)
    const lost = await alice.get(body.id)
    expect(lost.body).toMatchObject({
      status: 'failed',
      isPlaceholder: true,
      error: { code: 'image_lost', retryable: true },
    })
    const again = await alice.generateAndWait({ prompt: 'a lost lamp' })
    expect(again.body).toMatchObject({ id: body.id, status: 'succeeded', isExisting: false })
    expect(app.gemini.countCalls()).toBe(calls + 1)
    expect(isPlaceholder(await fetch(again.body.imageUrl))).toBe(false)
    expect((await list(alice)).map(({ id }) => id)).toContain(body.id)
  })

  test('takes it back once, however many look at it at the same time', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a lamp lost before many' })
    await loseObject(body.id)
    const responses = await Promise.all(Array.from({ length: 10 }, () => fetch(body.imageUrl)))
    expect(responses.every(isPlaceholder)).toBe(true)
    const events = await app.db
      .selectFrom('generationEvents')
      .select('type')
      .where('generationId', '=', body.id)
      .where('type', '=', 'generation.failed')
      .execute()
    expect(events).toHaveLength(1)
  })

  test('shows an upload again once its bytes are sent again', async () => {
    const bytes = await makePng('#fedcba', 22)
    const { body } = await upload(alice, bytes)
    await loseObject(body.id)
    expect(isPlaceholder(await fetch(body.imageUrl))).toBe(true)
    expect((await list(alice)).map(({ id }) => id)).toContain(body.id)
    const answers = await Promise.all([1, 2, 3].map(() => upload(alice, bytes)))
    for (const again of answers) expect(again.body.id).toBe(body.id)
    expect(isPlaceholder(await fetch(answers[0]?.body.imageUrl ?? ''))).toBe(false)
  })
})

describe('an image address is no permission by itself', () => {
  const expectNotFound = async (path: string, client: Client = bob) =>
    expectProblem(await client.fail('GET', path), NOT_FOUND)

  test('with a wrong, a missing or another image’s signature it is not found', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a lamp' })
    const { body: others } = await bob.generateAndWait({ prompt: 'a lamp' })
    const path = new URL(body.urls.image).pathname
    const signature = new URL(others.urls.image).pathname.split('.')[1]
    for (const wrong of [
      `/images/${body.id}`,
      `/images/${body.id}.`,
      `/images/${body.id}.${signature}`,
      `${path}A`,
      path.slice(0, -1),
      path.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      path.toUpperCase().replace('/IMAGES', '/images'),
      `${path}.png`,
    ]) {
      await expectNotFound(wrong)
      expect((await fetch(`${app.url}${wrong}`)).status).toBe(404)
    }
  })

  test('with a right signature for an id that nobody has it is not found', async () => {
    const id = `g_${'0'.repeat(40)}`
    const signature = createImageSigner(app.secrets.imageUrlSecret).sign(id)
    await expectNotFound(`/images/${id}.${signature}`, alice)
  })

  test('the bare id works with a token of its owner or of an operator only', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a lamp' })
    const operator = await createClient(app, 'operator', true)
    for (const client of [alice, operator]) {
      const { status, headers } = await client.call('GET', `/images/${body.id}`)
      expect(status).toBe(200)
      expect(headers.get('content-type')).toBe('image/png')
    }
    await expectNotFound(`/images/${body.id}`, bob)
  })

  test('what a token has opened is not for shared caches', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a lamp' })
    const { search } = new URL(body.imageUrl)
    for (const path of [`/images/${body.id}`, `/images/${body.id}${search}`]) {
      const { headers } = await alice.call('GET', path)
      expect(headers.get('cache-control')).not.toContain('public')
      expect(headers.get('cache-control')).toContain('private')
    }
  })
})

describe('an upload', () => {
  test('becomes one of the images of its owner', async () => {
    const bytes = await makePng('#102030', 40, 20)
    const { status, headers, body } = await upload(alice, bytes)
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
    expect((await list(alice)).map(({ id }) => id)).toContain(body.id)
    expect((await list(bob)).map(({ id }) => id)).not.toContain(body.id)
  })

  test('of the same bytes, ten times at once, is one image and one object', async () => {
    const before = (await findObjects()).length
    const bytes = await makePng('#112233', 33)
    const answers = await Promise.all(Array.from({ length: 10 }, () => upload(alice, bytes)))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(new Set(answers.map(({ body }) => body.imageUrl)).size).toBe(1)
    const again = await upload(alice, bytes)
    expect(again.body).toEqual(answers[0]?.body)
    expect(await findObjects()).toHaveLength(before + 1)
  })

  test('of the same bytes by another owner is another image', async () => {
    const bytes = await makePng('#445566')
    const hers = await upload(alice, bytes)
    const his = await upload(bob, bytes)
    expect(his.body.id).not.toBe(hers.body.id)
  })

  test('loses all that is not its pixels, and stands upright', async () => {
    const photo = await sharp(await makePng('#aa5500', 30, 20))
      .jpeg()
      .withExif({ IFD0: { Copyright: 'SecretName', Orientation: '6' } })
      .withMetadata({ orientation: 6 })
      .toBuffer()
    expect((await sharp(photo).metadata()).orientation).toBe(6)
    const { body } = await upload(
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
  })

  test('is what its bytes are, whatever it is said to be', async () => {
    const { status, body } = await upload(alice, await makePng('#778899'), 'image/webp')
    expect(status).toBe(201)
    expect(body.mimeType).toBe('image/png')
  })

  test('can be what a generation goes by, by its id', async () => {
    const { body: uploaded } = await upload(alice, await makePng('#00ff00', 12))
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
  test('tells generated, uploaded and stand-ins apart', async () => {
    const carol = await createClient(app, 'carol')
    const { body: made } = await carol.generateAndWait({ prompt: 'a shelf' })
    const { body: uploaded } = await upload(carol, await makePng('#c0ffee'))
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body: failed } = await carol.generateAndWait({ prompt: 'a broken shelf' })
    const ids = async (type: string) => (await list(carol, `?type=${type}`)).map(({ id }) => id)
    expect(await ids('generated')).toEqual([made.id])
    expect(await ids('user_uploaded')).toEqual([uploaded.id])
    expect(await ids('placeholder')).toEqual([failed.id])
    const all = await list(carol)
    expect(all.map(({ id }) => id)).toEqual([failed.id, uploaded.id, made.id])
    for (const { imageUrl } of all) expect((await fetch(imageUrl)).status).toBe(200)
    expect(isPlaceholder(await fetch(all[0]?.imageUrl ?? ''))).toBe(true)
  })

  test('has the image in place of its stand-in once there is one', async () => {
    const dave = await createClient(app, 'dave')
    app.gemini.behave({ kind: 'prompt_blocked' })
    await dave.generateAndWait({ prompt: 'a shelf' })
    app.gemini.behave({ kind: 'image' })
    await dave.generateAndWait({ prompt: 'a shelf' })
    expect((await list(dave)).map(({ imageType }) => imageType)).toEqual(['generated'])
  })

  test('gives every image once, page by page, with equal times too', async () => {
    const erin = await createClient(app, 'erin')
    const made = await Promise.all(
      Array.from({ length: 7 }, async (_, i) => upload(erin, await makePng(`#00000${i}`))),
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
    const before = await findObjects()
    const { body } = await upload(alice, await makePng('#abcdef', 21))
    expect(await findObjects()).toHaveLength(before.length + 1)
    expect((await remove(alice, body.id)).status).toBe(204)
    expect(await findObjects()).toEqual(before)
    expect((await list(alice)).map(({ id }) => id)).not.toContain(body.id)
    expect((await fetch(body.imageUrl)).status).toBe(404)
    expectProblem(await alice.fail('DELETE', `/api/images/${body.id}`), NOT_FOUND)
  })

  test('an upload and uploading it again gives it back', async () => {
    const bytes = await makePng('#fedcba', 22)
    const { body: first } = await upload(alice, bytes)
    await remove(alice, first.id)
    const { body: second } = await upload(alice, bytes)
    expect(second.id).toBe(first.id)
    expect((await fetch(first.imageUrl)).status).toBe(200)
  })

  test('a generated image lets it be made anew, which its old URL then shows', async () => {
    const before = await findObjects()
    const { body: first } = await alice.generateAndWait({ prompt: 'a vase to break' })
    const oldBytes = await fetchBytes(first.imageUrl)
    expect((await remove(alice, first.id)).status).toBe(204)
    expect(await findObjects()).toEqual(before)
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
    const { body } = await upload(alice, await makePng('#123abc'))
    expectProblem(await bob.fail('DELETE', `/api/images/${body.id}`), NOT_FOUND)
    expect((await fetch(body.imageUrl)).status).toBe(200)
  })

  test('a stand-in leaves the failure', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body } = await alice.generateAndWait({ prompt: 'a cracked vase' })
    expect((await remove(alice, body.id)).status).toBe(204)
    expect((await alice.get(body.id)).body.status).toBe('failed')
    expect(isPlaceholder(await fetch(body.imageUrl))).toBe(true)
  })

  test('what a waiting generation goes by fails it with the reason', async () => {
    const { body: uploaded } = await upload(alice, await makePng('#0f0f0f', 14))
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
