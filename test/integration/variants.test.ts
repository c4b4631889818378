import { afterAll, beforeAll, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { Generation } from '../../src/contract/generation.ts'
import type { Image } from '../../src/contract/image.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { listImages, uploadImage } from '../support/images.ts'
import { makePng } from '../support/pictures.ts'
import { expectProblem } from '../support/problems.ts'
import { insertGeneration } from '../support/rows.ts'

type Page = { images: Image[]; nextCursor: string | null }

const prompt = 'the lamp, for our shop'
const VARIANTS = ['generate', 'enhance'].flatMap((transformation) =>
  ['light background', 'dark'].map((variant) => ({ transformation, variant })),
)

let app: TestApp
let alice: Client
let bob: Client
let brown: Image
let blue: Image
let made: Generation[]

beforeAll(async () => {
  app = await startTestApp()
  alice = await createClient(app)
  bob = await createClient(app, 'bob')
  brown = (await uploadImage(alice, await makePng('#a05020', 24))).body
  blue = (await uploadImage(alice, await makePng('#2050a0', 24))).body
  made = await makeAll([brown.id, blue.id])
})
afterAll(() => app.stop())

/** Every transformation and variant of each condition image. */
const makeAll = async (conditionImages: string[], variants = VARIANTS): Promise<Generation[]> => {
  const requests = conditionImages.flatMap((conditionImage) =>
    variants.map((variant) => ({ prompt, conditionImage, ...variant })),
  )
  const answers = await Promise.all(requests.map((request) => alice.generateAndWait(request)))
  return answers.map(({ body }) => body)
}

const idsOf = (things: { id: string }[]) => things.map(({ id }) => id).sort()

test('each transformation and variant of each condition image is bought once', async () => {
  expect(made.map(({ status }) => status)).toEqual(Array(8).fill('succeeded'))
  expect(new Set(idsOf(made)).size).toBe(8)
  expect(app.gemini.countCalls(prompt)).toBe(8)
})

test('nothing is bought again for the same condition images in other encodings', async () => {
  const asWebp = await sharp(await makePng('#a05020', 24))
    .webp({ lossless: true })
    .toBuffer()
  const asJpeg = await sharp(await makePng('#2050a0', 24))
    .jpeg({ quality: 90 })
    .toBuffer()
  const again = await makeAll([asWebp, asJpeg].map((bytes) => bytes.toString('base64')))
  expect(again.map(({ id }) => id)).toEqual(made.map(({ id }) => id))
  for (const { isExisting, reuse } of again) {
    expect({ isExisting, source: reuse?.source }).toEqual({ isExisting: true, source: 'exact' })
  }
  expect(app.gemini.countCalls(prompt)).toBe(8)
  const { body: copy } = await uploadImage(alice, asJpeg, 'image/jpeg')
  expect(copy.id).not.toBe(blue.id)
  expect(copy.digest).toBe(blue.digest)
})

test('all that was made from a condition image is listed under its digest and its id, newest first', async () => {
  const listed = await listImages(alice, `?conditionImage=${brown.digest}`)
  expect(idsOf(listed)).toEqual(idsOf(made.slice(0, 4)))
  for (const { id, prompt, transformation, variant, conditionImage } of listed) {
    const generation = made.find((each) => each.id === id)
    expect(generation).toMatchObject({ prompt, transformation, variant, conditionImage })
    expect(conditionImage).toBe(brown.digest)
  }
  const times = listed.map(({ generatedAt }) => generatedAt)
  expect(times).toEqual([...times].sort().reverse())
  expect(await listImages(alice, `?conditionImage=${brown.id}`)).toEqual(listed)

  const narrowed = `?conditionImage=${blue.digest}&transformation=enhance&variant=dark`
  expect(idsOf(await listImages(alice, narrowed))).toEqual([made[7]?.id])
})

test('an image that another generation reused is listed once', async () => {
  const { id: imageId, transformation } = made[0] as Generation
  const reusing = { transformation, conditionImageDigest: brown.digest ?? null, imageId }
  await insertGeneration(app.db, { status: 'succeeded', reuseSource: 'similar', ...reusing })
  const listed = await listImages(alice, `?conditionImage=${brown.digest}`)
  expect(idsOf(listed)).toEqual(idsOf(made.slice(0, 4)))
})

test('a placeholder is listed only where it is asked for', async () => {
  app.gemini.behave({ kind: 'prompt_blocked' })
  const [{ id }] = (await makeAll(
    [brown.id],
    [{ transformation: 'enhance', variant: 'refused' }],
  )) as [Generation]
  app.gemini.reset()
  const list = `?conditionImage=${brown.digest}&variant=refused`
  expect(await listImages(alice, list)).toEqual([])
  expect(idsOf(await listImages(alice, `${list}&type=placeholder`))).toEqual([id])
})

test('pages of that list hold each image once', async () => {
  const ids: string[] = []
  let next: string | undefined = `/api/images?conditionImage=${blue.digest}&limit=3`
  while (next) {
    const { body, headers }: Awaited<ReturnType<typeof alice.call<Page>>> = await alice.call(
      'GET',
      next,
    )
    ids.push(...body.images.map(({ id }) => id))
    next = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
  }
  expect(ids.sort()).toEqual(idsOf(made.slice(4)))
})

test('nobody else reads that list, and what names no image is refused', async () => {
  await uploadImage(bob, await makePng('#a05020', 24))
  expect(await listImages(bob, `?conditionImage=${brown.digest}`)).toEqual([])
  const refused = { status: 400, code: 'invalid_request', pointers: ['?conditionImage'] }
  for (const conditionImage of [brown.id, `g_${'0'.repeat(40)}`, 'lamp', 'a'.repeat(63), '']) {
    const path = `/api/images?conditionImage=${conditionImage}`
    expectProblem(await bob.fail('GET', path), refused)
  }
})

test('what was made stays listed when its condition image is deleted', async () => {
  expect((await alice.call('DELETE', `/api/images/${blue.id}`)).status).toBe(204)
  const listed = await listImages(alice, `?conditionImage=${blue.digest}`)
  expect(idsOf(listed)).toEqual(idsOf(made.slice(4)))
})

test('what an image was one of several for is listed too, wherever it stood, and nobody else reads it', async () => {
  const colours = ['#208020', '#802080', '#208080', '#808020']
  const [first, second, earlier, other] = (await Promise.all(
    colours.map(async (colour) => (await uploadImage(alice, await makePng(colour, 24))).body),
  )) as [Image, Image, Image, Image]
  const ask = async (more: object) => (await alice.generateAndWait({ prompt, ...more })).body
  const both = await ask({ conditionImages: [first.id, second.id] })
  const turns = [{ role: 'user', text: 'a lamp', images: [earlier.id] }]
  const later = await ask({ conditionImages: [second.id, other.id], turns })
  await ask({ conditionImage: other.id, variant: 'alone' })
  const listOf = async ({ digest }: Image, client = alice) =>
    idsOf(await listImages(client, `?conditionImage=${digest}`))
  expect(await listOf(first)).toEqual([both.id])
  expect(await listOf(second)).toEqual(idsOf([both, later]))
  expect(await listOf(earlier)).toEqual([later.id])
  expect(await listOf(other)).toHaveLength(2)
  for (const { digest } of [first, second, earlier]) {
    await uploadImage(bob, await makePng(colours[0], 24))
    expect(await listImages(bob, `?conditionImage=${digest}`)).toEqual([])
  }
})
