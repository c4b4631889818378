import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { type Submitted, submittedSchema } from '../../src/contract/generation.ts'
import { readAnswer } from '../../src/generation/state/image-rows.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { makePng } from '../support/pictures.ts'

let app: TestApp
let alice: Client

beforeAll(async () => {
  app = await startTestApp({ apis: 2, workers: 2 })
  alice = await createClient(app)
})
afterAll(() => app.stop())
beforeEach(() => app.gemini.reset())

const base64Of = async (colour: string) => (await makePng(colour)).toString('base64')

/** The same picture, but for one pixel. */
const withOnePixel = (png: Buffer): Promise<Buffer> =>
  sharp(png)
    .composite([{ input: SINGLE_PIXEL, left: 3, top: 3 }])
    .png()
    .toBuffer()

const SINGLE_PIXEL = {
  create: { width: 1, height: 1, channels: 3 as const, background: '#000000' },
}

const submit = async (
  body: Record<string, unknown>,
  { url = app.url, headers = {} as Record<string, string> } = {},
): Promise<Submitted> => {
  const answer = await alice.call<Submitted>('POST', `${url}/api/visualize/generate`, {
    body,
    headers: { Prefer: 'wait=40', ...headers },
  })
  expect(answer.status).toBe(200)
  return submittedSchema.strict().parse(answer.body)
}

describe('14 reference images and a seed', () => {
  const colours = Array.from({ length: 14 }, (_, index) => `hsl(${index * 25} 80% 50%)`)
  let images: string[]
  let request: Record<string, unknown>
  beforeAll(async () => {
    images = await Promise.all(colours.map(base64Of))
    request = { prompt: 'all of them at a table', seed: 7, conditionImages: images }
  })

  test('asked for 200 times at once, however they are written, make one paid call', async () => {
    const uploads = await Promise.all(
      images.map(async (image) => {
        const { body } = await alice.call<{ id: string }>('POST', '/api/images', {
          body: Buffer.from(image, 'base64'),
          headers: { 'content-type': 'image/png' },
        })
        return body.id
      }),
    )
    const written = [images, uploads, images.map((image) => `data:image/png;base64,${image}`)]
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        submit(
          { ...request, conditionImages: written[index % written.length] },
          { url: app.urls[index % 2] ?? '' },
        ),
      ),
    )
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
    expect(app.gemini.countCalls()).toBe(1)
    const parts = app.gemini.calls[0]?.body.contents.at(-1)?.parts ?? []
    expect(parts).toHaveLength(15)
    expect(answers[0]).toMatchObject({ seed: 7, isConditioned: true, status: 'succeeded' })
    expect(answers[0]?.conditionImages).toHaveLength(14)
    expect(new Set(answers[0]?.conditionImages).size).toBe(14)
  })

  test('make another picture with one pixel, word, seed or place that differs', async () => {
    const { id } = await submit(request)
    const pixel = (await withOnePixel(Buffer.from(images[0] ?? '', 'base64'))).toString('base64')
    const swapped = [images[1], images[0], ...images.slice(2)]
    const others = await Promise.all([
      submit({ ...request, conditionImages: [pixel, ...images.slice(1)] }),
      submit({ ...request, prompt: 'all of them at the table' }),
      submit({ ...request, seed: 8 }),
      submit({ ...request, conditionImages: swapped }),
      submit({ ...request, negativePrompt: 'chairs' }),
    ])
    expect(new Set([id, ...others.map((each) => each.id)]).size).toBe(6)
    expect(others.every(({ isExisting }) => !isExisting)).toBe(true)
  })
})

describe('n pictures', () => {
  test('are n generations, of which the first is the plain one, and a repeat is free', async () => {
    const plain = await submit({ prompt: 'a heron' })
    const three = await submit({ prompt: 'a heron', n: 3 })
    expect(three.generations?.map(({ number }) => number)).toEqual([undefined, 2, 3])
    expect(three.generations?.[0]?.id).toBe(plain.id)
    expect(three.id).toBe(plain.id)
    expect(app.gemini.countCalls()).toBe(3)
    const again = await submit({ prompt: 'a heron', n: 3 })
    expect(again.generations?.map(({ id }) => id)).toEqual(three.generations?.map(({ id }) => id))
    expect(again.generations?.every(({ isExisting }) => isExisting)).toBe(true)
    expect(app.gemini.countCalls()).toBe(3)
    const four = await submit({ prompt: 'a heron', n: 4 })
    expect(four.generations?.map(({ isExisting }) => isExisting)).toEqual([true, true, true, false])
    expect(app.gemini.countCalls()).toBe(4)
  })

  test('that are forced under a key are bought once', async () => {
    const forced = { prompt: 'an egret', n: 3, skipExistingCheck: true }
    const options = { headers: { 'Idempotency-Key': 'k'.repeat(255) } }
    const [first, second] = [await submit(forced, options), await submit(forced, options)]
    expect(second.generations?.map(({ id }) => id)).toEqual(first.generations?.map(({ id }) => id))
    expect(app.gemini.countCalls()).toBe(3)
    const other = await alice.call<{ code: string }>('POST', '/api/visualize/generate', {
      body: { ...forced, prompt: 'a crane' },
      headers: options.headers,
    })
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  })

  test('are answered with 202 until all have ended', async () => {
    app.gemini.behave((call) =>
      call.number === 1 ? { kind: 'image' } : { kind: 'delay', ms: 500 },
    )
    const { status, body } = await alice.call<Submitted>('POST', '/api/visualize/generate', {
      body: { prompt: 'a stork', n: 2 },
    })
    expect(status).toBe(202)
    await Promise.all((body.generations ?? []).map(({ id }) => alice.waitForEnd(id)))
    const { status: later } = await alice.call('POST', '/api/visualize/generate', {
      body: { prompt: 'a stork', n: 2 },
    })
    expect(later).toBe(200)
  })
})

test('a format makes no other picture, and is what its URL gives', async () => {
  const headers = { 'Idempotency-Key': 'a-coot' }
  const plain = await submit({ prompt: 'a coot' }, { headers })
  const jpeg = await submit({ prompt: 'a coot', outputFormat: 'jpeg' }, { headers })
  expect(jpeg.id).toBe(plain.id)
  expect(app.gemini.countCalls()).toBe(1)
  const types = await Promise.all(
    [plain, jpeg].map(async ({ imageUrl }) => {
      const response = await fetch(imageUrl)
      await response.arrayBuffer()
      return response.headers.get('content-type')
    }),
  )
  expect(types).toEqual(['image/png', 'image/jpeg'])
})

test('a request is asked for again with all that it said', async () => {
  const [one, two] = [await base64Of('#010203'), await base64Of('#030201')]
  const rich = {
    prompt: 'a kingfisher',
    conditionImages: [one, two],
    negativePrompt: 'boats',
    seed: 11,
    thinkingLevel: 'high',
    safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
    turns: [
      { role: 'user', text: 'a river', images: [two] },
      { role: 'model', text: 'Which one?' },
    ],
  }
  app.gemini.behave({ kind: 'prompt_blocked' })
  const failed = await submit(rich)
  expect(failed.status).toBe('failed')
  app.gemini.behave({ kind: 'image' })
  const retried = await alice.call('POST', `/api/generations/${failed.id}/retry`)
  expect(retried.status).toBe(202)
  expect((await alice.waitForEnd(failed.id)).body.status).toBe('succeeded')
  const { body: forced } = await alice.call<Submitted>(
    'POST',
    `/api/generations/${failed.id}/regenerate`,
  )
  expect(forced.id).not.toBe(failed.id)
  expect((await alice.waitForEnd(forced.id)).body).toMatchObject({ seed: 11, turnCount: 2 })
  const [first, ...others] = app.gemini.calls.map(({ body }) => body)
  expect(others).toEqual([first, first])
  expect(first).toMatchObject({ generationConfig: { seed: 11 }, contents: [{}, {}, {}] })
})

test('what the model says is shown, and its answer kept without the bytes', async () => {
  app.gemini.behave({ kind: 'image_with_drafts' })
  const { id, said } = await submit({ prompt: 'a grebe' })
  expect(said).toBe('Here it is')
  const answer = JSON.stringify(await readAnswer(app.db, id))
  const surplus = await app.db
    .selectFrom('surplusObjects')
    .select('digest')
    .where('generationId', '=', id)
    .execute()
  expect(answer).toMatch(/"data":\{"\$image":0,"digest":"[0-9a-f]{64}"\}/)
  expect(answer).toContain(`{"$image":1,"digest":"${surplus[0]?.digest}"}`)
  expect(answer).toContain('"modelVersion":"stand-in"')
  expect((await alice.get(id)).body.said).toBe(said)
})

test('a deleted image ends what was to be made of it, and an image of somebody else is none', async () => {
  const bob = await createClient(app, 'bob')
  const { body: his } = await bob.call<{ id: string }>('POST', '/api/images', {
    body: await makePng('#abcdef'),
    headers: { 'content-type': 'image/png' },
  })
  const mine = await base64Of('#fedcba')
  for (const [body, pointer] of [
    [{ conditionImages: [mine, his.id] }, '/conditionImages/1'],
    [{ turns: [{ role: 'user', images: [his.id] }] }, '/turns/0/images/0'],
  ] as const) {
    const refused = await alice.fail('POST', '/api/visualize/generate', {
      body: { prompt: 'a theft', ...body },
    })
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
  }
  expect(app.gemini.countCalls()).toBe(0)
})

test.each([
  [{ n: 0 }, '/n'],
  [{ n: 11 }, '/n'],
  [{ seed: 1.5 }, '/seed'],
  [{ seed: 2 ** 31 }, '/seed'],
  [{ thinkingLevel: 'endless' }, '/thinkingLevel'],
  [{ thinkingLevel: 'low' }, '/thinkingLevel'],
  [{ conditionImage: 'a', conditionImages: ['b'] }, '/conditionImages'],
  [{ conditionImages: [] }, '/conditionImages'],
  [{ conditionImages: Array.from({ length: 15 }, () => 'a') }, '/conditionImages'],
  [{ turns: [{ role: 'user' }] }, '/turns/0'],
  [{ turns: [{ role: 'system', text: 'a' }] }, '/turns/0/role'],
  [{ outputFormat: 'gif' }, '/outputFormat'],
  [{ providerRequest: { body: {}, images: [] } }, '/providerRequest'],
  [{ number: 2 }, '/number'],
  [
    {
      safetySettings: ['OFF', 'BLOCK_NONE'].map((threshold) => ({
        category: 'HARM_CATEGORY_HARASSMENT',
        threshold,
      })),
    },
    '/safetySettings',
  ],
])('%j is refused by name', async (given, pointer) => {
  const refused = await alice.fail('POST', '/api/visualize/generate', {
    body: { prompt: 'never made', ...given },
  })
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
  expect(app.gemini.countCalls()).toBe(0)
})

test('a prompt may have 32,000 characters', async () => {
  const prompt = 'ö'.repeat(32_000)
  expect((await submit({ prompt })).prompt).toBe(prompt)
  const refused = await alice.fail('POST', '/api/visualize/generate', {
    body: { prompt: `${prompt}a` },
  })
  expect(refused.status).toBe(400)
})
