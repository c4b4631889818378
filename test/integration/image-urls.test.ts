import { rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { createImageSigner } from '../../src/adapters/http/image-urls.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
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
  test('shows a placeholder in the asked ratio, never to be cached', async () => {
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
  test('shows another placeholder, and none of them waits', async () => {
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
    const objects = (await findObjects(app)).filter((path) => path.includes(id))
    expect(objects).toHaveLength(1)
    await Promise.all(objects.map((path) => rm(path)))
  }

  test('shows a placeholder, never to be cached, and asking again makes a new image', async () => {
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
    expect((await listImages(alice)).map(({ id }) => id)).toContain(body.id)
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
    const { body } = await uploadImage(alice, bytes)
    await loseObject(body.id)
    expect(isPlaceholder(await fetch(body.imageUrl))).toBe(true)
    expect((await listImages(alice)).map(({ id }) => id)).toContain(body.id)
    const answers = await Promise.all([1, 2, 3].map(() => uploadImage(alice, bytes)))
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
    const signature = createImageSigner(...app.secrets.imageUrlSecrets).sign(id)
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
