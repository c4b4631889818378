import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import {
  createImageonceClient,
  type GenerationRequestInput,
  ImageonceError,
} from '../../src/client.ts'
import type { Generation } from '../../src/contract/generation.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { recordFetch } from '../support/client-fetch.ts'
import { createHolds } from '../support/held.ts'
import { makePng } from '../support/pictures.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let token: string
let holds: ReturnType<typeof createHolds>

beforeAll(async () => {
  app = await startTestApp()
  token = await app.token()
  holds = createHolds(app.gemini)
})
afterAll(() => app.stop())
afterEach(() => holds.release())

const connect = (options: { fetch?: typeof fetch; token?: () => string } = {}) =>
  createImageonceClient({
    baseUrl: `${app.url}/`,
    token,
    telemetry: false,
    timeouts: { giveUpMs: 400 },
    ...options,
  })

describe('generate', () => {
  test('gives the image, and tells of each state on the way', async () => {
    const open = holds.hold()
    const states: string[] = []
    const generating = connect().generate(
      { prompt: 'a lake' },
      { onState: ({ status }) => states.push(status) },
    )
    await waitFor(() => states.includes('running'), { what: 'the generation to run' })
    open()
    const result = await generating
    expect(result).toMatchObject({ status: 'succeeded', isPlaceholder: false, isExisting: false })
    expect((await fetch(result.imageUrl)).headers.get('content-type')).toMatch(/^image\//)
    expect(states.filter((status, i) => status !== states[i - 1])).toEqual([
      'queued',
      'running',
      'succeeded',
    ])
  })

  test('of an image that exists costs one request', async () => {
    await connect().generate({ prompt: 'a sea' })
    const { fetch, calls } = recordFetch()
    const result = await connect({ fetch }).generate({ prompt: ' a  sea ' })
    expect(result).toMatchObject({ isExisting: true, reuse: { source: 'exact' } })
    expect(calls).toHaveLength(1)
  })

  test('of an image that is being made already says in the end that it joined', async () => {
    const open = holds.hold()
    const first = connect().generate({ prompt: 'a river' })
    const { id } = await connect().generate({ prompt: 'a river' }, { wait: 0 })
    const told: Generation[] = []
    const second = connect().generate(
      { prompt: 'a river' },
      { onState: (generation) => told.push(generation) },
    )
    await waitFor(() => told.length > 0, { what: 'the answer to the second' })
    open()
    const joined = { id, status: 'succeeded', isExisting: true, reuse: { source: 'joined' } }
    expect(await second).toMatchObject(joined)
    expect(told.every(({ isExisting }) => isExisting)).toBe(true)
    expect((await first).id).toBe(id)
    expect(app.gemini.countCalls('a river')).toBe(1)
  })

  test('resolves with the placeholder when the model refuses, and throws when asked to', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const client = connect()
    const result = await client.generate({ prompt: 'refused' })
    expect(result).toMatchObject({ status: 'failed', isPlaceholder: true })
    expect(result.error).toMatchObject({ code: 'refused_prompt', retryable: false })
    await expect(
      client.generate({ prompt: 'refused' }, { throwOnFailure: true }),
    ).rejects.toMatchObject({ name: 'ImageonceError', code: 'refused_prompt' })
  })

  test('resolves with a placeholder when the request is wrong, and with its own when the token is', async () => {
    const wrong = await connect().generate({ prompt: '', aspectRatio: '16:9' })
    expect(wrong).toMatchObject({
      status: 'failed',
      isPlaceholder: true,
      error: { code: 'invalid_request', retryable: false },
      imageUrl: expect.stringMatching(/^data:image\/webp;base64,/),
    })
    const stranger = await connect({ token: () => 'wrong' }).generate({ prompt: 'a' })
    expect(stranger).toMatchObject({
      isPlaceholder: true,
      error: { code: 'unauthenticated' },
      imageUrl: expect.stringMatching(/^data:image\/svg\+xml,/),
    })
  })

  test('resolves with the state there is when the wait is over', async () => {
    holds.hold()
    const client = connect()
    const accepted = await client.generate({ prompt: 'a slow lake' }, { wait: 0 })
    expect(accepted).toMatchObject({ status: 'queued', isPlaceholder: false })
    const later = await client.generate({ prompt: 'a slow lake' }, { wait: 3_000 })
    expect(later.status).toMatch(/queued|running/)
    expect(later.id).toBe(accepted.id)
    expect(later.error).toBeUndefined()
  })

  test('rejects with the reason of its signal', async () => {
    holds.hold()
    const { fetch, calls } = recordFetch()
    const client = connect({ fetch })
    const reason = new Error('changed my mind')
    const controller = new AbortController()
    const generating = client.generate(
      { prompt: 'an unwanted lake' },
      { signal: controller.signal, onState: () => controller.abort(reason) },
    )
    await expect(generating).rejects.toBe(reason)
    const { length } = calls
    const { signal } = controller
    await expect(client.generate({ prompt: 'never' }, { signal })).rejects.toBe(reason)
    expect(calls).toHaveLength(length)
  })

  test('asks for a token again once it is refused', async () => {
    const tokens = ['expired', token]
    let asked = 0
    const client = connect({ token: () => tokens[Math.min(asked++, 1)] ?? '' })
    const results = await Promise.all(
      ['a', 'b', 'c'].map((prompt) => client.generate({ prompt }, { wait: 0 })),
    )
    expect(results.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
    expect(asked).toBe(2)
  })

  test('a listener that throws harms nobody', async () => {
    const onState = () => {
      throw new Error('of the app')
    }
    expect((await connect().generate({ prompt: 'a fjord' }, { onState })).status).toBe('succeeded')
  })
})

describe('identical calls of one moment', () => {
  test('share one request, and each ends its own wait alone', async () => {
    const open = holds.hold()
    const { fetch, calls } = recordFetch()
    const client = connect({ fetch })
    const hurry = new AbortController()
    const request = { prompt: 'a shared lake', conditionImage: undefined }
    const first = client.generate(request, { signal: hurry.signal })
    const second = client.generate({ prompt: '  a shared\nlake', imageSize: '1K' })
    const third = client.generate(request, { wait: 20 })
    hurry.abort()
    await expect(first).rejects.toThrow()
    expect((await third).status).not.toBe('succeeded')
    open()
    expect((await second).status).toBe('succeeded')
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(1)
  })

  test('are others when anything that is said differs', async () => {
    const holding = holds.hold()
    const { fetch, calls } = recordFetch()
    const client = connect({ fetch })
    const image = (await makePng('#123456')).toString('base64')
    const plain = { prompt: 'one of several' }
    const requests: GenerationRequestInput[] = [
      plain,
      { ...plain, seed: 7 },
      { ...plain, seed: 8 },
      { ...plain, negativePrompt: 'boats' },
      { ...plain, turns: [{ role: 'user', text: 'before' }] },
      { ...plain, conditionImage: image },
      { ...plain, conditionImages: [image, (await makePng('#654321')).toString('base64')] },
    ]
    const asked = requests.map((request) => client.generate(request))
    const same = client.generate({ ...plain, conditionImages: [image], seed: undefined })
    holding()
    const ids = (await Promise.all(asked)).map(({ id }) => id)
    expect(new Set(ids).size).toBe(requests.length)
    expect((await same).id).toBe(ids[5])
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(requests.length)
  })

  test('that are forced share one image, and the next one afterwards is another', async () => {
    const open = holds.hold()
    const { fetch, calls } = recordFetch()
    const client = connect({ fetch })
    let accepted = false
    const force = () =>
      client.generate(
        { prompt: 'a new lake', skipExistingCheck: true },
        { onState: () => (accepted = true) },
      )
    const click = force()
    const clickAtOnce = force()
    await waitFor(() => accepted, { what: 'the answer to the first click' })
    const clickAgain = force()
    const plain = client.generate({ prompt: 'a new lake' })
    open()
    const [{ id }, ...others] = await Promise.all([click, clickAtOnce, clickAgain])
    expect(others.map((other) => other.id)).toEqual([id, id])
    await plain
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(2)
    expect((await force()).id).not.toBe(id)
    expect(app.gemini.countCalls('a new lake')).toBe(2)
  })
})

describe('several pictures', () => {
  const idsOf = (results: { id?: string }[]) => results.map(({ id }) => id)

  test('come in order, each followed to its end, and are free the second time', async () => {
    const open = holds.hold()
    const { fetch, calls } = recordFetch()
    const client = connect({ fetch })
    const heard: Generation[] = []
    const onState = (generation: Generation) => heard.push(generation)
    const asking = client.generate({ prompt: 'three herons', n: 3 }, { onState })
    const again = client.generate({ prompt: 'three herons', n: 3 })
    await waitFor(() => new Set(idsOf(heard)).size === 3, { what: 'news of all three' })
    open()
    const { generations, id } = await asking
    expect(generations.map(({ number }) => number)).toEqual([undefined, 2, 3])
    expect(generations.map(({ status }) => status)).toEqual(Array(3).fill('succeeded'))
    expect(generations[0]?.id).toBe(id)
    for (const each of generations) {
      expect(heard.findLast((state) => state.id === each.id)).toEqual(each)
    }
    expect(idsOf((await again).generations)).toEqual(idsOf(generations))
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(1)
    const four = await client.generate({ prompt: 'three herons', n: 4 })
    expect(four.generations.map(({ isExisting }) => isExisting)).toEqual([true, true, true, false])
    expect(app.gemini.countCalls('three herons')).toBe(4)
  })

  test('that are forced are bought once by a double click, also when the first is there', async () => {
    let goOn = () => {}
    const rest = new Promise<void>((resolve) => {
      goOn = resolve
    })
    let taken = 0
    app.gemini.behave(async () => {
      taken += 1
      if (taken > 1) await rest
      return { kind: 'image' }
    })
    const client = connect()
    const request = { prompt: 'two forced herons', n: 2, skipExistingCheck: true }
    let isOneThere = false
    const onState = ({ status }: Generation) => {
      isOneThere ||= status === 'succeeded'
    }
    const click = client.generate(request, { onState })
    await waitFor(() => isOneThere, { what: 'one of them' })
    const clickAgain = client.generate(request)
    goOn()
    expect(idsOf((await clickAgain).generations)).toEqual(idsOf((await click).generations))
    expect(app.gemini.countCalls('two forced herons')).toBe(2)
    app.gemini.reset()
  })

  test('that are refused are as many placeholders, and one failure where that is asked for', async () => {
    const client = connect({ token: () => 'wrong' })
    const { generations } = await client.generate({ prompt: 'refused herons', n: 2 })
    expect(generations).toMatchObject([{ isPlaceholder: true }, { isPlaceholder: true }])
    const throwing = client.generate({ prompt: 'x', n: 2 }, { throwOnFailure: true })
    await expect(throwing).rejects.toMatchObject({ code: 'unauthenticated' })
    for (const n of [0, 1.5, 1e9]) {
      const { error } = await connect().generate({ prompt: 'no heron', n })
      expect(error?.code).toBe('invalid_request')
    }
  })
})

test('the URL names the format that was asked for, in every state, and shows it', async () => {
  const open = holds.hold()
  const heard: string[] = []
  const onState = ({ imageUrl }: Generation) => heard.push(imageUrl)
  const request = { prompt: 'a heron as a file', outputFormat: 'jpeg' } as const
  const asking = connect().generate(request, { onState })
  await waitFor(() => heard.length > 1, { what: 'news of it' })
  open()
  const { imageUrl } = await asking
  expect((await fetch(imageUrl)).headers.get('content-type')).toBe('image/jpeg')
  for (const url of [...heard, imageUrl]) expect(url).toMatch(/[?&]format=jpeg$/)
  expect(imageUrl.match(/format=/g)).toHaveLength(1)
})

test('subscribe tells of each state up to the last, and stops when told to', async () => {
  const open = holds.hold()
  const client = connect()
  const { id = '' } = await client.generate({ prompt: 'a mountain' }, { wait: 0 })
  const heard: Generation[] = []
  const unheard: Generation[] = []
  const stop = client.subscribe(id, (generation) => unheard.push(generation))
  stop()
  client.subscribe(id, (generation) => heard.push(generation))
  await waitFor(() => heard.some(({ status }) => status === 'running'), { what: 'the run' })
  open()
  await waitFor(() => heard.at(-1)?.status === 'succeeded', { what: 'the end' })
  expect(unheard).toEqual([])
})

test('subscribe to what does not exist says so', async () => {
  const errors: unknown[] = []
  connect().subscribe('g_none', () => {}, { onError: (error) => errors.push(error) })
  await waitFor(() => errors.length, { what: 'the error' })
  expect(errors).toEqual([expect.objectContaining({ code: 'not_found' })])
})

test('get, cancel and imageUrl', async () => {
  holds.hold()
  const client = connect()
  const { id = '' } = await client.generate({ prompt: 'a valley' }, { wait: 0 })
  expect((await client.get(id)).prompt).toBe('a valley')
  expect((await client.cancel(id)).status).toBe('canceled')
  expect((await client.cancel(id)).status).toBe('canceled')
  const { fetch: counted, calls } = recordFetch()
  const other = connect({ fetch: counted })
  const url = await other.imageUrl(id)
  expect(await other.imageUrl(id)).toBe(url)
  expect(calls).toHaveLength(1)
  expect((await fetch(url)).headers.get('Imageonce-Placeholder')).toBe('true')
  await expect(client.get('g_none')).rejects.toBeInstanceOf(ImageonceError)
})

test('get tells the state of the moment under a fetch that keeps what it may', async () => {
  const open = holds.hold()
  const kept = new Map<string, Response>()
  const keeping: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const { cache } = { ...init } as { cache?: string }
    if (request.method !== 'GET' || cache === 'no-store') return fetch(request)
    const before = kept.get(request.url) ?? (await fetch(request))
    kept.set(request.url, before)
    return before.clone()
  }
  const client = connect({ fetch: keeping })
  const { id = '' } = await client.generate({ prompt: 'a pond' }, { wait: 0 })
  expect((await client.get(id)).status).not.toBe('succeeded')
  open()
  await waitFor(async () => (await client.get(id)).status === 'succeeded', { what: 'the end' })
})

test('list gives pages', async () => {
  const client = createImageonceClient({
    baseUrl: app.url,
    token: () => app.token('a lister'),
    telemetry: false,
  })
  for (const prompt of ['one', 'two', 'three']) await client.generate({ prompt })
  const first = await client.list({ limit: 2, status: 'succeeded' })
  const second = await client.list({ limit: 2, status: 'succeeded', cursor: first.nextCursor })
  const prompts = [...first.generations, ...second.generations].map(({ prompt }) => prompt)
  expect(prompts).toEqual(['three', 'two', 'one'])
  expect(second.nextCursor).toBeNull()
})

test('summary tells what was paid, and what was not paid again', async () => {
  const client = createImageonceClient({
    baseUrl: app.url,
    token: () => app.token('a saver'),
    telemetry: false,
  })
  const { costUsd } = await client.generate({ prompt: 'saved' })
  await client.generate({ prompt: 'saved' })
  const { owner, figures } = await waitFor(
    async () => {
      const summary = await client.summary({ days: 1, owner: 'a saver' })
      return summary.figures.skipped.total > 0 && summary
    },
    { what: 'the reuse to be written down' },
  )
  expect(owner).toBe('a saver')
  expect(figures).toMatchObject({ paidCalls: 1, spendUsd: costUsd, savedUsd: costUsd })
  expect(figures.skipped).toMatchObject({ total: 1, exact: 1 })
})

test('upload takes bytes or a blob, and the image conditions another', async () => {
  const client = connect()
  const png = await makePng('#123456')
  const image = await client.upload(png)
  expect(image.imageType).toBe('user_uploaded')
  expect((await client.upload(new Blob([new Uint8Array(png)]))).id).toBe(image.id)
  expect(await client.imageUrl(image.id)).toBe(image.imageUrl)
  const result = await client.generate({
    prompt: 'better',
    transformation: 'enhance',
    conditionImage: image.id,
  })
  expect(result).toMatchObject({ status: 'succeeded', isConditioned: true })
  await expect(client.upload(new TextEncoder().encode('no image'))).rejects.toMatchObject({
    code: 'unsupported_media_type',
  })
})
