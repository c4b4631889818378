import { ApiError, createFalClient, type QueueStatus, ValidationError } from '@fal-ai/client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createHolds } from '../support/held.ts'
import { makePng } from '../support/pictures.ts'
import { waitFor } from '../support/wait-for.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'

/** What fal's image endpoints answer. */
type Output = {
  images: {
    url: string
    content_type: string
    file_name: string
    file_size: number | null
    width: number | null
    height: number | null
  }[]
  description: string
}

const ENDPOINT = 'fal-ai/nano-banana/edit'

let app: TestApp
let alice: Client
let receiver: WebhookReceiver
let holds: ReturnType<typeof createHolds>

beforeAll(async () => {
  receiver = await startWebhookReceiver()
  app = await startTestApp({
    env: { WEBHOOK_ALLOW_PRIVATE: 'true', SWEEP_INTERVAL_MS: '100', MAX_CALL_SECONDS: '60' },
  })
  alice = await createClient(app)
  holds = createHolds(app.gemini)
})
afterEach(() => holds.release())
afterAll(async () => {
  await app.stop()
  await receiver.close()
})

type Fal = ReturnType<typeof createFalClient>
type Config = NonNullable<Parameters<typeof createFalClient>[0]>

/** fal's client as it comes, with the one line. */
const open = async (owner = 'alice', config: Config = {}): Promise<Fal> =>
  createFalClient({
    credentials: await app.token(owner),
    proxyUrl: { url: `${app.url}/fal/proxy`, when: 'always' },
    ...config,
  })

/** The other ways in. */
const openByMiddleware = async (): Promise<Fal> =>
  createFalClient({
    credentials: await app.token(),
    requestMiddleware: async (request) => ({ ...request, url: toOwn(request.url) }),
  })
const openByFetch = async (config: Config = {}): Promise<Fal> =>
  createFalClient({
    credentials: await app.token(),
    fetch: (url, init) => fetch(toOwn(String(url)), init),
    ...config,
  })
const toOwn = (url: string): string =>
  url
    .replace('https://queue.fal.run', `${app.url}/fal`)
    .replace('https://fal.run', `${app.url}/fal/run`)

const subscribe = async (fal: Fal, input: object, options: object = {}) => {
  const { data, requestId } = await fal.subscribe(ENDPOINT, {
    input: input as never,
    pollInterval: 20,
    ...options,
  })
  return { output: data as Output, requestId }
}

const readAll = ({ images }: Output): Promise<string[]> =>
  Promise.all(
    images.map(async ({ url }) => {
      const response = await fetch(url)
      expect(response.headers.get('content-type')).toBe(images[0]?.content_type)
      return Buffer.from(await response.arrayBuffer()).toString('base64')
    }),
  )

const failureOf = async (work: Promise<unknown>): Promise<ApiError<{ detail: unknown }>> => {
  const error: unknown = await work.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )
  if (error instanceof ApiError) return error
  throw error
}

describe('fal’s client, unmodified', () => {
  test('subscribes to three pictures, which later are the same for nothing; a fourth is bought', async () => {
    const fal = await open()
    const input = { prompt: 'three foxes', num_images: 3, aspect_ratio: '16:9' }
    const statuses: string[] = []
    const first = await subscribe(fal, input, {
      onQueueUpdate: ({ status }: QueueStatus) => statuses.push(status),
    })
    expect(statuses.at(-1)).toBe('COMPLETED')
    expect(first.output.images).toHaveLength(3)
    expect(first.output.images[0]).toMatchObject({
      url: expect.stringMatching(/^http.*\/images\/g_/),
      ...{ content_type: 'image/png', file_name: expect.stringMatching(/^g_\w+\.png$/) },
      ...{ width: expect.any(Number), height: expect.any(Number), file_size: expect.any(Number) },
    })
    const pictures = await readAll(first.output)
    expect(new Set(pictures).size).toBe(3)
    expect(app.gemini.countCalls('three foxes')).toBe(3)

    const again = await subscribe(await openByMiddleware(), input)
    expect(again.requestId).toBe(first.requestId)
    expect(await readAll(again.output)).toEqual(pictures)
    expect(app.gemini.countCalls('three foxes')).toBe(3)

    const more = await subscribe(await openByFetch(), { ...input, num_images: 4 })
    expect((await readAll(more.output)).slice(0, 3)).toEqual(pictures)
    expect(app.gemini.countCalls('three foxes')).toBe(4)
  })

  test('follows a stream up to the end, with each entry of the log once', async () => {
    const open_ = holds.hold()
    const statuses: string[] = []
    let logs: { message: string }[] = []
    const subscribed = subscribe(
      await open(),
      { prompt: 'streamed' },
      {
        ...{ mode: 'streaming', logs: true },
        onQueueUpdate: (update: QueueStatus) => {
          statuses.push(update.status)
          if ('logs' in update) logs = update.logs
          if (update.status === 'IN_PROGRESS') open_()
        },
      },
    )
    const { output } = await subscribed
    expect(output.images).toHaveLength(1)
    expect(statuses.slice(-2)).toEqual(['IN_PROGRESS', 'COMPLETED'])
    expect(logs.map(({ message }) => message.replace(/ with .*/, ''))).toEqual([
      ...['Making an image', 'The image is there'],
    ])
  })

  test('submits, looks, and is told that a result is not there yet', async () => {
    const fal = await open()
    const openCall = holds.hold()
    const options = { input: { prompt: 'step by step' } as never }
    const submitted = await fal.queue.submit(ENDPOINT, options)
    expect(submitted).toMatchObject({
      ...{ status: 'IN_QUEUE', queue_position: expect.any(Number) },
      response_url: `${app.url}/fal/fal-ai/nano-banana/requests/${submitted.request_id}`,
    })
    const { request_id: requestId } = submitted
    const early = await failureOf(fal.queue.result(ENDPOINT, { requestId }))
    expect(early).toMatchObject({ status: 400, body: { detail: 'Request is still in progress' } })
    expect((await fetch(submitted.status_url)).status).toBe(401)
    const looked = await alice.call('GET', submitted.status_url)
    expect(looked.status).toBe(202)
    openCall()
    await fal.queue.subscribeToStatus(ENDPOINT, { requestId, pollInterval: 20 })
    const status = await fal.queue.status(ENDPOINT, { requestId, logs: true })
    expect(status).toMatchObject({
      ...{ status: 'COMPLETED', metrics: { inference_time: expect.any(Number) } },
    })
    const { data, requestId: told } = await fal.queue.result(ENDPOINT, { requestId })
    expect(told).toBe(requestId)
    expect((data as Output).images).toHaveLength(1)
  })

  test('cancels what runs, and not what has ended', async () => {
    const fal = await open()
    holds.hold()
    const { request_id: requestId } = await fal.queue.submit(ENDPOINT, {
      input: { prompt: 'to be canceled' } as never,
    })
    const call = await app.gemini.waitForCall(({ prompt }) => prompt.includes('to be canceled'))
    await fal.queue.cancel(ENDPOINT, { requestId })
    await waitFor(() => call.abandoned, { what: 'the call to be ended' })
    expect(await fal.queue.status(ENDPOINT, { requestId })).toMatchObject({
      ...{ status: 'COMPLETED', error: expect.any(String), error_type: 'canceled' },
    })
    const result = await failureOf(fal.queue.result(ENDPOINT, { requestId }))
    expect(result.status).toBe(400)
    const again = await failureOf(fal.queue.cancel(ENDPOINT, { requestId }))
    expect(again).toMatchObject({ status: 400, body: { status: 'ALREADY_COMPLETED' } })
  })

  test('runs synchronously, and gives up when it said it would', async () => {
    const fal = await openByFetch()
    const { data, requestId } = await fal.run(ENDPOINT, { input: { prompt: 'at once' } as never })
    expect((data as Output).images).toHaveLength(1)
    expect(requestId).toMatch(/^g_[0-9a-f]{40}$/)
    const openCall = holds.hold()
    const late = await failureOf(
      fal.run(ENDPOINT, { input: { prompt: 'too slow' } as never, startTimeout: 1.1 }),
    )
    expect({ status: late.status, isUserTimeout: late.isUserTimeout }).toEqual({
      ...{ status: 504, isUserTimeout: true },
    })
    openCall()
    await fal.run(ENDPOINT, { input: { prompt: 'too slow' } as never })
    expect(app.gemini.countCalls('too slow')).toBe(1)
  })

  test('edits pictures, wherever they are: what counts is what they show, and their order', async () => {
    const fal = await open()
    const [red, blue] = [await makePng('#ff0000', 16), await makePng('#0000ff', 16)]
    const toDataUrl = (png: Buffer) => `data:image/png;base64,${png.toString('base64')}`
    receiver.behave('/blue.png', (res) => res.writeHead(200).end(blue))
    const made = await subscribe(fal, { prompt: 'to be edited' })
    const own = made.output.images[0]?.url ?? ''
    const edit = (...image_urls: string[]) =>
      subscribe(fal, { prompt: 'put them together', image_urls })

    const first = await edit(own, toDataUrl(red), `${receiver.url}/blue.png`)
    const same = await edit(own, toDataUrl(red), toDataUrl(blue))
    expect(same.requestId).toBe(first.requestId)
    expect(app.gemini.countCalls('put them together')).toBe(1)
    const { body } = await app.gemini.waitForCall(({ prompt }) => prompt.includes('put them'))
    const images = body.contents.flatMap(({ parts }) =>
      parts.filter((part) => 'inlineData' in part),
    )
    expect(images).toHaveLength(3)
    const turned = await edit(toDataUrl(red), own, toDataUrl(blue))
    expect(turned.requestId).not.toBe(first.requestId)
    expect(app.gemini.countCalls('put them together')).toBe(2)
  })

  test('hands a picture over in the format that was asked for, and pays for it once', async () => {
    const fal = await open()
    const input = { prompt: 'of three formats' }
    for (const format of ['jpeg', 'webp', 'png']) {
      const { output } = await subscribe(fal, { ...input, output_format: format })
      expect(output.images[0]?.content_type).toBe(`image/${format}`)
      expect((await readAll(output))[0]).toBeTruthy()
    }
    expect(app.gemini.countCalls('of three formats')).toBe(1)
  })

  test('asks with a low priority in the eager lane, and with a header for another picture', async () => {
    const fal = await open()
    const submit = (options: object) =>
      fal.queue.submit(ENDPOINT, { input: { prompt: 'behind the others' } as never, ...options })
    const low = await submit({ priority: 'low' })
    const other = await submit({ headers: { 'imageonce-variant': 'b' } })
    expect(other.request_id).not.toBe(low.request_id)
    const rows = await app.db
      .selectFrom('generations')
      .select(['lane', 'variant'])
      .where('id', 'in', [low.request_id, other.request_id])
      .orderBy('lane')
      .execute()
    expect(rows).toEqual([
      { lane: 'eager', variant: null },
      { lane: 'interactive', variant: 'b' },
    ])
  })
})

describe('fal’s client throws its own errors:', () => {
  test('a ValidationError for an input that is wrong, by its fields', async () => {
    const fal = await open()
    const error = await failureOf(subscribe(fal, { num_images: 9 }))
    if (!(error instanceof ValidationError)) throw error
    expect(error.fieldErrors.map(({ loc }) => loc.join('.'))).toEqual([
      ...['body.prompt', 'body.num_images'],
    ])
    const longer = await failureOf(subscribe(fal, { prompt: 'x', image_urls: ['nowhere'] }))
    expect(longer).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body', 'image_urls', 0], type: 'invalid_image' }] },
    })
  })

  test('a ValidationError for what the model refuses, whether it waits or looks', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    for (const fal of [await open('refused'), await openByFetch()]) {
      const asks = [
        () => subscribe(fal, { prompt: 'refused' }),
        () => fal.run(ENDPOINT, { input: { prompt: 'refused' } as never }),
      ]
      for (const ask of asks) {
        const error = await failureOf(ask())
        if (!(error instanceof ValidationError)) throw error
        expect(error.getFieldErrors('prompt')).toMatchObject([{ type: 'content_policy_violation' }])
      }
    }
  })

  test('an ApiError at once for what has failed: asking again would buy anew', async () => {
    app.gemini.behave({ kind: 'raw', status: 403, json: { error: { code: 403 } } })
    const error = await failureOf(
      (await openByFetch()).run(ENDPOINT, { input: { prompt: 'no use' } as never }),
    )
    expect(error.status).toBe(500)
    expect(app.gemini.countCalls('no use')).toBe(1)
  })

  test('a 401 without a key that holds, and a 404 for another’s request', async () => {
    const stranger = await open('alice', { credentials: 'io_nobody' })
    expect((await failureOf(subscribe(stranger, { prompt: 'x' }))).status).toBe(401)
    const { requestId } = await subscribe(await open(), { prompt: 'alice’s own' })
    const bob = await open('bob')
    const calls = [
      bob.queue.status(ENDPOINT, { requestId }),
      bob.queue.result(ENDPOINT, { requestId }),
      bob.queue.cancel(ENDPOINT, { requestId }),
    ]
    for (const call of calls) {
      expect(await failureOf(call)).toMatchObject({
        status: 404,
        body: { detail: expect.any(String) },
      })
    }
    const own = await subscribe(bob, { prompt: 'bob’s own' })
    const mixed = { requestId: `${own.requestId}.${requestId}` }
    expect((await failureOf(bob.queue.result(ENDPOINT, mixed))).status).toBe(404)
  })
})

test('the proxy takes fal’s two hosts alone, and its address decides nothing that a method does not', async () => {
  const call = (method: string, target?: string) =>
    alice.call<{ detail: unknown }>(method, '/fal/proxy', {
      headers: target === undefined ? {} : { 'x-fal-target-url': target },
      ...(method === 'GET' ? {} : { body: { prompt: 'by the proxy' } }),
    })
  for (const target of [undefined, 'https://rest.fal.ai/x', `${receiver.url}/fetched`]) {
    expect(await call('POST', target)).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['header', 'x-fal-target-url'] }] },
    })
  }
  expect(receiver.at('/fetched')).toEqual([])
  expect((await call('GET', 'https://queue.fal.run/fal-ai/x')).status).toBe(404)
  expect((await call('POST', 'https://queue.fal.run/fal-ai/x/stream')).status).toBe(404)
  expect(app.gemini.countCalls('by the proxy')).toBe(0)
})

describe('where there is no room, fal’s client', () => {
  let full: TestApp
  beforeAll(async () => {
    full = await startTestApp({ env: { OWNER_MAX_CALLS: '1', MAX_OPEN: '2' } })
  })
  afterAll(() => full.stop())

  test.each([
    [429, ['alice'], 'alice'],
    [503, ['bob', 'carol'], 'dora'],
  ])('sends again what got a %d, and has it when there is', async (status, owners, last) => {
    const openCall = createHolds(full.gemini).hold()
    const refused: number[] = []
    const run = async (owner: string) => {
      const fal = createFalClient({
        credentials: await full.token(owner),
        fetch: async (_url, init) => {
          const response = await fetch(`${full.url}/fal/run/${ENDPOINT}`, init)
          if (!response.ok) refused.push(response.status)
          if (refused.length > 0) openCall()
          return response
        },
      })
      const input = { prompt: `no room, ${owner}` } as never
      return ((await fal.run(ENDPOINT, { input })).data as Output).images.length
    }
    const running = owners.map(run)
    for (const owner of owners) {
      await full.gemini.waitForCall(({ prompt }) => prompt.includes(`no room, ${owner}`))
    }
    expect(await Promise.all([...running, run(last)])).toEqual([...owners, last].map(() => 1))
    expect(new Set(refused)).toEqual(new Set([status]))
    const asked = new Set([...owners, last])
    for (const owner of asked) expect(full.gemini.countCalls(`no room, ${owner}`)).toBe(1)
  })
})
