import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import OpenAI, { toFile } from 'openai'
import type { ImagesResponse } from 'openai/resources/images'
import sharp from 'sharp'
import type { Key } from '../../src/contract/key.ts'
import { findImageMimeType } from '../../src/lib/images.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createHolds } from '../support/held.ts'
import { makePng } from '../support/pictures.ts'

const MODEL = 'gemini-nano-banana-2.1'

let app: TestApp
let alice: Client
let admin: Client
let openai: OpenAI
let holds: ReturnType<typeof createHolds>

beforeAll(async () => {
  app = await startTestApp({ env: { OWNER_MAX_CALLS: '4' } })
  alice = await createClient(app)
  admin = await createClient(app, 'ops', true)
  openai = await createSdk()
  holds = createHolds(app.gemini)
})
afterEach(() => holds.release())
afterAll(() => app.stop())

const createSdk = async (options: object = {}, owner = 'alice') =>
  new OpenAI({
    baseURL: `${app.url}/openai/v1`,
    apiKey: await app.token(owner),
    maxRetries: 0,
    ...options,
  })

const bytesOf = ({ data }: ImagesResponse, at = 0): Buffer =>
  Buffer.from(data?.[at]?.b64_json ?? '', 'base64')
const picturesOf = ({ data = [] }: ImagesResponse) => data.map(({ b64_json: data }) => data)
/** What a piece of work paid for. */
const countPaid = async (work: () => Promise<unknown>): Promise<number> => {
  const before = app.gemini.calls.length
  await work()
  return app.gemini.calls.length - before
}
const sentImages = (at = -1): Buffer[] =>
  (app.gemini.calls.at(at)?.body.contents ?? []).flatMap(({ parts }) =>
    parts.flatMap(({ inlineData }) => (inlineData ? [Buffer.from(inlineData.data, 'base64')] : [])),
  )
const asFile = async (bytes: Buffer, name = 'blob') => toFile(bytes, name, { type: 'image/png' })
const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )

/** A square whose right half is transparent: there it is to be changed. */
const makeMask = async () => {
  const kept = await sharp({ create: { width: 8, height: 16, channels: 4, background: '#000' } })
    .png()
    .toBuffer()
  const clear = { r: 0, g: 0, b: 0, alpha: 0 }
  return sharp({ create: { width: 16, height: 16, channels: 4, background: clear } })
    .composite([{ input: kept, left: 0, top: 0 }])
    .png()
    .toBuffer()
}

describe('OpenAI’s SDK, unmodified', () => {
  test('generates, and a repeat has the same answer for nothing', async () => {
    const body = { model: 'gpt-image-2', prompt: 'a fox', size: '1536x1024' } as const
    const { data: first, response } = await openai.images.generate(body).withResponse()
    expect(first).toMatchObject({
      background: 'opaque',
      output_format: 'png',
      quality: 'medium',
      size: '64x43',
      usage: { input_tokens: 12, output_tokens: 1_120, total_tokens: 1_132 },
    })
    expect(response.headers.get('imageonce-made')).toBe(`"${MODEL}";size="1K";aspect-ratio="3:2"`)
    expect(response.headers.get('x-request-id')).toBeTruthy()
    const again = await openai.images.generate(body).withResponse()
    expect(again.data).toEqual(first)
    expect(again.response.headers.get('imageonce-reuse')).toBe('exact')
    expect(app.gemini.countCalls('a fox')).toBe(1)
    const id = response.headers.get('imageonce-generation') ?? ''
    expect((await alice.get(id)).body).toMatchObject({ status: 'succeeded', model: MODEL })
  })

  test('asks for n, of which each is bought once', async () => {
    const ask = (n: number) => openai.images.generate({ prompt: 'an owl', n })
    const three = picturesOf(await ask(3))
    expect(new Set(three).size).toBe(3)
    expect(await countPaid(async () => expect(picturesOf(await ask(3))).toEqual(three))).toBe(0)
    const paid = await countPaid(async () => {
      expect(picturesOf(await ask(4)).slice(0, 3)).toEqual(three)
    })
    expect(paid).toBe(1)
    expect(picturesOf(await ask(1))).toEqual(three.slice(0, 1))
  })

  test('edits several pictures under a mask, once', async () => {
    const [one, two] = [await makePng('#a00', 16), await makePng('#0a0', 16)]
    const edit = async () =>
      openai.images.edit({
        model: 'gpt-image-2',
        image: [await asFile(one), await asFile(two)],
        mask: await asFile(await makeMask()),
        prompt: 'a hat on it',
        n: 2,
      })
    const made = await edit()
    expect(new Set(picturesOf(made)).size).toBe(2)
    const sent = sentImages()
    expect(sent).toHaveLength(3)
    const colours = await Promise.all(
      sent.slice(0, 2).map(async (bytes) => [...(await sharp(bytes).raw().toBuffer())].slice(0, 3)),
    )
    expect(colours).toEqual([
      [0xaa, 0, 0],
      [0, 0xaa, 0],
    ])
    const mask = await sharp(sent[2]).greyscale().raw().toBuffer()
    expect([mask[0], mask[7], mask[8], mask[15]]).toEqual([0, 0, 255, 255])
    const told = app.gemini.calls.at(-1)?.prompt
    expect(told).toContain('a hat on it\n\nThe last picture is a mask of the first one.')
    expect(await countPaid(async () => expect(await edit()).toEqual(made))).toBe(0)
  })

  test('edits one picture, whose order among others counts', async () => {
    const [one, two] = [await makePng('#111', 9), await makePng('#222', 9)]
    const ask = async (image: Buffer[]) =>
      openai.images.edit({
        prompt: 'in order',
        image: await Promise.all(image.map((bytes) => asFile(bytes))),
      })
    expect(await countPaid(() => ask([one]))).toBe(1)
    expect(await countPaid(() => ask([one, two]))).toBe(1)
    expect(await countPaid(() => ask([two, one]))).toBe(1)
    expect(await countPaid(() => ask([one, two]))).toBe(0)
  })

  test('streams: the placeholder while it is made, then the picture with its usage', async () => {
    const ask = () =>
      openai.images.generate({ prompt: 'streamed', stream: true, partial_images: 2 })
    const open = holds.hold()
    const events = []
    for await (const event of await ask()) {
      events.push(event)
      if (event.type === 'image_generation.partial_image') open()
    }
    expect(events.map(({ type }) => type)).toEqual([
      'image_generation.partial_image',
      'image_generation.completed',
    ])
    expect(events[0]).toMatchObject({ partial_image_index: 0, output_format: 'webp' })
    expect(events[1]).toMatchObject({ usage: { total_tokens: 1_132 }, output_format: 'png' })
    const again = []
    for await (const event of await ask()) again.push(event)
    expect(again).toEqual([events[1]])
    const plain = await openai.images.generate({ prompt: 'streamed' })
    expect(plain.data?.[0]?.b64_json).toBe(events[1]?.b64_json)
    expect(app.gemini.countCalls('streamed')).toBe(1)
  })

  test('streams an edit, and throws what goes wrong behind the first event', async () => {
    const image = await asFile(await makePng('#333', 9))
    const open = holds.hold({ kind: 'prompt_blocked' })
    const types: string[] = []
    const failure = await failureOf(
      (async () => {
        const stream = await openai.images.edit({
          ...{ image, prompt: 'refused later', stream: true, partial_images: 1 },
        })
        for await (const event of stream) {
          types.push(event.type)
          open()
        }
      })(),
    )
    expect(types).toEqual(['image_edit.partial_image'])
    expect(failure).toBeInstanceOf(OpenAI.APIError)
    expect(failure).toMatchObject({ code: 'moderation_blocked' })
  })

  test('has URLs where the model’s name always had, good with and without a key', async () => {
    const ask = { model: 'dall-e-3', prompt: 'by address', quality: 'standard' } as const
    const { data = [] } = await openai.images.generate(ask)
    const url = data[0]?.url ?? ''
    expect(new URL(url).origin).toBe(app.url)
    const authorization = `Bearer ${await app.token()}`
    for (const headers of [{}, { authorization }]) {
      const answer = await fetch(url, { headers })
      const bytes = Buffer.from(await answer.arrayBuffer())
      expect([answer.status, findImageMimeType(bytes)]).toEqual([200, 'image/png'])
    }
    const asData = await openai.images.generate({ ...ask, response_format: 'b64_json' })
    expect(picturesOf(asData)[0]).toBeTruthy()
    const asUrl = await openai.images.generate({
      ...{ model: 'gpt-image-2', prompt: 'by address', response_format: 'url' },
    })
    expect(asUrl.data?.[0]?.url).toBe(url)
    expect(app.gemini.countCalls('by address')).toBe(1)
  })

  test('gets the format that it names, of one picture that is paid for once', async () => {
    const ask = (output_format?: 'png' | 'jpeg' | 'webp', output_compression?: number) =>
      openai.images.generate({
        prompt: 'in every format',
        ...(output_format && { output_format }),
        ...(output_compression && { output_compression }),
      })
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const answer = await ask(format)
      expect(answer.output_format).toBe(format)
      expect(findImageMimeType(bytesOf(answer))).toBe(`image/${format}`)
      expect(bytesOf(await ask(format))).toEqual(bytesOf(answer))
    }
    expect(bytesOf(await ask('png'))).toEqual(bytesOf(await ask()))
    const { data = [] } = await openai.images.generate({
      ...{ prompt: 'in every format', response_format: 'url', output_format: 'webp' },
    })
    const byUrl = await fetch(data[0]?.url ?? '')
    expect(Buffer.from(await byUrl.arrayBuffer())).toEqual(bytesOf(await ask('webp')))
    const [rough, fine] = [await ask('webp', 1), await ask('webp', 100)]
    expect(bytesOf(rough).length).not.toBe(bytesOf(fine).length)
    expect(app.gemini.countCalls('in every format')).toBe(1)
  })

  test('gets the nearest that its key may ask for, and is refused a model that it may not', async () => {
    const body = { name: 'bounded', ownerId: 'alice', sizes: ['1K'], models: [MODEL] }
    const { body: key } = await admin.call<Key>('POST', '/api/keys', { body })
    const bounded = await createSdk({ apiKey: key.key })
    const { response } = await bounded.images
      .generate({ prompt: 'within bounds', quality: 'high' })
      .withResponse()
    expect(response.headers.get('imageonce-made')).toBe(`"${MODEL}";size="1K"`)
    const ids = (await bounded.models.list()).data.map(({ id }) => id)
    expect(ids).toEqual([MODEL])
    const other = await failureOf(
      bounded.images.generate({ model: 'gemini-3-pro-image', prompt: 'beyond bounds' }),
    )
    expect(other).toBeInstanceOf(OpenAI.PermissionDeniedError)
    expect(other).toMatchObject({ param: 'model', code: 'refused_by_policy' })
  })

  test('lists the models, and is told of each', async () => {
    const ids = []
    for await (const { id } of openai.models.list()) ids.push(id)
    expect(ids).toContain(MODEL)
    expect(await openai.models.retrieve(MODEL)).toMatchObject({ id: MODEL, object: 'model' })
    expect(await openai.models.retrieve('dall-e-3')).toMatchObject({ id: 'dall-e-3' })
    const none = await failureOf(openai.models.retrieve('gpt-5'))
    expect(none).toBeInstanceOf(OpenAI.NotFoundError)
  })
})

describe('what can’t be had is told as the SDK’s own errors', () => {
  test('a refusal, which is not sent again', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const retrying = await createSdk({ maxRetries: 2 })
    const paid = await countPaid(async () => {
      const refusal = await failureOf(retrying.images.generate({ prompt: 'refused' }))
      expect(refusal).toBeInstanceOf(OpenAI.BadRequestError)
      expect(refusal).toMatchObject({ code: 'moderation_blocked', requestID: expect.any(String) })
    })
    expect(paid).toBe(1)
  })

  test('a wrong key, a wrong field, a wrong picture, a path that is not here', async () => {
    const stranger = await createSdk({ apiKey: 'sk-none' })
    const unknown = await failureOf(stranger.images.generate({ prompt: 'a fox' }))
    expect(unknown).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(unknown).toMatchObject({ code: 'invalid_api_key' })
    const wrong = await failureOf(openai.images.generate({ prompt: 'a fox', n: 11 }))
    expect(wrong).toMatchObject({ status: 400, param: 'n' })
    const image = await asFile(Buffer.from('no picture'))
    const broken = await failureOf(openai.images.edit({ prompt: 'a fox', image }))
    expect(broken).toMatchObject({ status: 400, code: 'invalid_image_file', param: 'image' })
    const opaque = await asFile(await makePng('#444', 16))
    const masked = await failureOf(
      openai.images.edit({ prompt: 'a fox', image: opaque, mask: opaque }),
    )
    expect(masked).toMatchObject({ status: 400, code: 'invalid_image_file', param: 'mask' })
    const variation = await failureOf(openai.images.createVariation({ image: opaque }))
    expect(variation).toBeInstanceOf(OpenAI.NotFoundError)
    expect(String(variation)).toContain('/images/edits')
    const response = await failureOf(openai.responses.create({ model: 'gpt-5', input: 'hi' }))
    expect(String(response)).toContain('/images/generations')
  })

  test('too many calls at once, which may be sent again', async () => {
    const bob = await createSdk({}, 'bob')
    const open = holds.hold()
    const calls = Array.from({ length: 5 }, () => bob.images.generate({ prompt: 'crowded' }))
    const refusal = await failureOf(Promise.race(calls))
    expect(refusal).toBeInstanceOf(OpenAI.RateLimitError)
    expect(refusal).toMatchObject({ code: 'rate_limit_exceeded' })
    const { headers } = refusal as InstanceType<typeof OpenAI.RateLimitError>
    expect(headers.get('x-should-retry')).toBe('true')
    expect(Number(headers.get('retry-after-ms'))).toBeGreaterThan(0)
    open()
    const ended = await Promise.allSettled(calls)
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
  })

  test('a budget that is used up, which is not sent again; a switch that stops all paying', async () => {
    const scope = 'owner:carol'
    const put = await admin.call('PUT', `/api/budgets/${scope}`, { body: { dailyUsd: 0.001 } })
    expect(put.status).toBe(204)
    const carol = await createSdk({ maxRetries: 2 }, 'carol')
    const spent = await failureOf(carol.images.generate({ prompt: 'too dear' }))
    expect(spent).toBeInstanceOf(OpenAI.RateLimitError)
    expect(spent).toMatchObject({ code: 'insufficient_quota' })
    await admin.call('POST', '/api/spending/pause', { body: { reason: 'a test' } })
    const paused = await failureOf(openai.images.generate({ prompt: 'while paused' }))
    await admin.call('POST', '/api/spending/resume', { body: {} })
    expect(paused).toBeInstanceOf(OpenAI.InternalServerError)
    expect(paused).toMatchObject({ status: 503, code: 'spending_paused' })
  })
})

describe('a call that is not waited for', () => {
  test('is made all the same: who asks again pays nothing', async () => {
    const open = holds.hold()
    const leaving = new AbortController()
    const left = failureOf(
      openai.images.generate({ prompt: 'left alone' }, { signal: leaving.signal }),
    )
    await app.gemini.waitForCall(({ prompt }) => prompt.includes('left alone'))
    leaving.abort()
    expect(await left).toBeInstanceOf(OpenAI.APIUserAbortError)
    open()
    expect(bytesOf(await openai.images.generate({ prompt: 'left alone' })).length).toBeGreaterThan(
      0,
    )
    expect(app.gemini.countCalls('left alone')).toBe(1)
  })

  test('is paid for once, however often the SDK runs out of patience and asks again', async () => {
    const open = holds.hold()
    const hasty = await createSdk({ timeout: 300, maxRetries: 2 })
    const late = await failureOf(hasty.images.generate({ prompt: 'too slow' }))
    expect(late).toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    open()
    await openai.images.generate({ prompt: 'too slow' })
    expect(app.gemini.countCalls('too slow')).toBe(1)
  })
})

describe('other clients, as they are on the wire', () => {
  const send = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const isForm = body instanceof FormData
    const response = await fetch(`${app.url}/openai/v1${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await app.token()}`,
        ...(!isForm && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: isForm ? body : JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as ImagesResponse }
  }
  const formOf = (parts: [string, string | Buffer, string?][]) => {
    const form = new FormData()
    for (const [name, value, fileName = 'blob'] of parts) {
      if (typeof value === 'string') form.append(name, value)
      else form.append(name, new Blob([new Uint8Array(value)], { type: 'image/png' }), fileName)
    }
    return form
  }

  test.each([
    ['Open WebUI', { model: 'gpt-image-1', prompt: 'p', n: 1, size: '512x512' }],
    [
      'LiteLLM',
      {
        model: 'openai/gpt-image-1',
        prompt: 'p',
        n: 1,
        quality: 'auto',
        user: 'u-1',
        metadata: {},
      },
    ],
    [
      'AI SDK',
      { model: 'gpt-image-2', prompt: 'p', n: 1, size: '1024x1024', output_format: undefined },
    ],
    ['openai-compatible', { model: 'any', prompt: 'p', n: 1, response_format: 'b64_json' }],
  ])('%s gets base64', async (_client, body) => {
    const { status, body: answer } = await send('/images/generations', body)
    expect([status, findImageMimeType(bytesOf(answer))]).toEqual([200, 'image/png'])
  })

  test('LangChain gets a URL', async () => {
    const body = {
      ...{ model: 'dall-e-3', prompt: 'p', n: 1, size: '1024x1024' },
      ...{ response_format: 'url', style: 'vivid', quality: 'standard' },
    }
    const { body: answer } = await send('/images/generations', body)
    expect(answer.data?.[0]?.url).toMatch(/^http/)
  })

  test('AI SDK’s form, curl’s, and JSON of the same pictures are one edit', async () => {
    const [one, two] = [await makePng('#555', 9), await makePng('#666', 9)]
    const prompt: [string, string] = ['prompt', 'one edit']
    const forms = [
      formOf([['image', one], ['image', two], prompt, ['n', '1'], ['model', 'gpt-image-2']]),
      formOf([prompt, ['image[]', one, '1.png'], ['image[]', two, '2.png'], ['stream', 'false']]),
    ]
    const paid = await countPaid(async () => {
      const answers = []
      for (const form of forms) answers.push(await send('/images/edits', form))
      const urls = [one, two].map((bytes) => `data:image/png;base64,${bytes.toString('base64')}`)
      const images = urls.map((image_url) => ({ image_url }))
      answers.push(await send('/images/edits', { prompt: 'one edit', images }))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
      expect(new Set(answers.map(({ body }) => picturesOf(body)[0])).size).toBe(1)
    })
    expect(paid).toBe(1)
  })

  test('a picture is edited by its address: ours as it is, a private one never', async () => {
    const { body: made } = await send('/images/generations', { model: 'dall-e-3', prompt: 'mine' })
    const edit = (image_url: string) =>
      send('/images/edits', { prompt: 'by address', images: [{ image_url }] })
    const edited = await edit(made.data?.[0]?.url ?? '')
    expect([edited.status, sentImages()[0]]).toEqual([
      200,
      Buffer.from(await (await fetch(made.data?.[0]?.url ?? '')).arrayBuffer()),
    ])
    const { status, body } = await edit(`${app.url}/livez`)
    expect({ status, body }).toMatchObject({ status: 400, body: { error: { param: 'image' } } })
  })

  test('a form that does not say how long it is is read too', async () => {
    const image = await makePng('#777', 9)
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new Uint8Array(image))
        controller.close()
      },
    })
    const answer = await openai.images.edit({
      prompt: 'from a stream',
      image: await toFile(new Response(stream), 'a.png', { type: 'image/png' }),
    })
    expect(bytesOf(answer).length).toBeGreaterThan(0)
  })

  test('a form without a picture, or with too many, is refused before anything is paid', async () => {
    const image = await makePng('#888', 9)
    const many = Array.from({ length: 15 }, (): [string, Buffer] => ['image[]', image])
    const paid = await countPaid(async () => {
      for (const parts of [[['prompt', 'p']], [['prompt', 'p'], ...many]]) {
        const { status, body } = await send('/images/edits', formOf(parts as [string, string][]))
        expect({ status, body }).toMatchObject({ status: 400, body: { error: { param: 'image' } } })
      }
    })
    expect(paid).toBe(0)
  })
})
