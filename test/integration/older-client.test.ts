import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { createHolds } from '../support/held.ts'
import { makePng } from '../support/pictures.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { describeWith } from '../support/skip.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

/** What an app that was written before this service reads. It looks at no status and knows no other field. */
type OlderAnswer = {
  imageUrl: string
  prompt?: string
  isExisting?: boolean
  isConditioned?: boolean
  isPlaceholder?: boolean
}

const connect = async (app: TestApp, owner = 'alice') => {
  const token = await app.token(owner)
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const post = (path: string, body: unknown, more: Record<string, string> = {}) =>
    fetch(`${app.url}/api/visualize/${path}`, {
      method: 'POST',
      headers: { ...headers, ...more },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  /** Asks, and puts what comes back into an `<img>`. */
  const show = async (body: unknown, more: Record<string, string> = {}) => {
    const response = await post('generate', body, more)
    const answer = (await response.json()) as OlderAnswer
    await expectPicture(answer.imageUrl)
    return { ...answer, status: response.status }
  }
  return { post, show }
}

const expectPicture = async (url: string): Promise<void> => {
  const shown = await fetch(url)
  expect(shown.status).toBe(200)
  expect(shown.headers.get('content-type')).toMatch(/^image\//)
  const { width = 0 } = await sharp(await shown.arrayBuffer()).metadata()
  expect(width).toBeGreaterThan(0)
}

describe('an older client', () => {
  let app: TestApp
  let client: Awaited<ReturnType<typeof connect>>
  let holds: ReturnType<typeof createHolds>
  let isBroken = false

  beforeAll(async () => {
    const onStep = () => {
      if (isBroken) throw new Error('a fault of ours')
    }
    const env = { OWNER_MAX_IN_FLIGHT: '3', REFUSAL_TTL_MS: '600000' }
    app = await startTestApp({ env, overrides: { onStep } })
    holds = createHolds(app.gemini)
  })
  beforeEach(async () => {
    client = await connect(app, crypto.randomUUID())
  })
  afterAll(() => app.stop())
  afterEach(() => {
    isBroken = false
    holds.release()
  })

  const showUntil = (body: object, isDone: (answer: OlderAnswer) => unknown) =>
    waitFor(
      async () => {
        const answer = await client.show(body)
        return isDone(answer) && answer
      },
      { what: 'the answer' },
    )

  test('shows a new picture, the same while it is made, and the one there is', async () => {
    const open = holds.hold()
    const first = await client.show({ prompt: 'an old bridge' })
    expect(first).toMatchObject({ status: 202, isExisting: false, isPlaceholder: false })
    const joined = await client.show({ prompt: 'an old bridge' })
    expect(joined).toMatchObject({ status: 202, isExisting: true, imageUrl: first.imageUrl })
    open()
    const made = await showUntil({ prompt: 'an old bridge' }, ({ imageUrl }) =>
      imageUrl.includes('?v='),
    )
    expect(made).toMatchObject({ status: 200, prompt: 'an old bridge', isExisting: true })
    const shown = await fetch(first.imageUrl)
    expect(shown.headers.get('imageonce-placeholder')).toBeNull()
    expect(app.gemini.countCalls('an old bridge')).toBe(1)
  })

  test('shows a picture by a condition image, and a better one, and one more', async () => {
    const conditionImage = (await makePng('#336699', 20)).toString('base64')
    const like = { prompt: 'like this', conditionImage, transformation: 'generate' }
    expect(await client.show(like)).toMatchObject({ isConditioned: true })
    await client.show({ ...like, transformation: 'enhance' })
    const again = await client.show({ prompt: 'like this', skipExistingCheck: true })
    expect(again).toMatchObject({ status: 202, isExisting: false })
  })

  test('shows the placeholder for a prompt that the model refuses', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const first = await client.show({ prompt: 'a refused bridge' })
    const refused = await showUntil(
      { prompt: 'a refused bridge' },
      (answer) => answer.isPlaceholder,
    )
    expect(refused).toMatchObject({ status: 200, imageUrl: first.imageUrl })
  })

  test('shows the placeholder while the provider is down', async () => {
    app.gemini.behave({ kind: 'reset_before_response' })
    const prompt = 'a bridge in the dark'
    const { imageUrl } = await client.show({ prompt })
    const findFailed = () =>
      app.db
        .selectFrom('generations')
        .select('id')
        .where('prompt', '=', prompt)
        .where('status', '=', 'failed')
        .executeTakeFirst()
    await waitFor(findFailed, { what: 'the failure' })
    await expectPicture(imageUrl)
    expect(await client.show({ prompt })).toMatchObject({ status: 202, imageUrl })
  })

  test.each<[string, unknown, Record<string, string>, number]>([
    ['no prompt', {}, {}, 400],
    ['a prompt that is too long', { prompt: 'x'.repeat(32_001) }, {}, 400],
    ['a field that is not known', { prompt: 'x', quality: 'high' }, {}, 400],
    ['nothing to make better', { prompt: 'x', transformation: 'enhance' }, {}, 400],
    ['no picture to go by', { prompt: 'x', conditionImage: 'data:image/png;base64,AAAA' }, {}, 422],
    ['too much to go by', { prompt: 'x', conditionImage: 'A'.repeat(21_000_000) }, {}, 413],
    ['broken JSON', '{"prompt":', {}, 400],
    ['null', 'null', {}, 400],
    ['another type', 'prompt=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a key that is none', { prompt: 'x' }, { 'idempotency-key': 'ö'.repeat(3) }, 400],
  ])('shows the placeholder when it sends %s', async (_name, body, headers, status) => {
    expect(await client.show(body, headers)).toMatchObject({ status, isPlaceholder: true })
  })

  test('shows the placeholder in the shape it asked for', async () => {
    const { imageUrl } = await client.show({ prompt: '', aspectRatio: '16:9' })
    const shown = await fetch(imageUrl)
    const { width, height } = await sharp(await shown.arrayBuffer()).metadata()
    expect({ width, height }).toEqual({ width: 640, height: 360 })
  })

  test('shows the placeholder when it asks for too much at once, and when the fault is ours', async () => {
    holds.hold()
    const prompts = ['one', 'two', 'three', 'four']
    const answers = await Promise.all(prompts.map((prompt) => client.show({ prompt })))
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 202, 429])
    isBroken = true
    expect(await client.show({ prompt: 'x' })).toMatchObject({ status: 500, isPlaceholder: true })
  })

  test('of the oldest endpoint gets a new picture each time, once it is made, and is told where to go', async () => {
    const urls = []
    for (let i = 0; i < 2; i++) {
      const response = await client.post('image', { prompt: 'always a new bridge' })
      const answer = (await response.json()) as OlderAnswer
      expect(response.status).toBe(200)
      expect(answer).toMatchObject({ isExisting: false, isPlaceholder: false })
      await expectPicture(answer.imageUrl)
      urls.push(answer.imageUrl)
    }
    expect(new Set(urls).size).toBe(2)
    expect(app.gemini.countCalls('always a new bridge')).toBe(2)
  })

  test.each<[string, unknown, number]>([
    ['taken', { prompt: 'an announced bridge' }, 200],
    ['refused', { prompt: '' }, 400],
    ['unreadable', '{', 400],
  ])('of the oldest endpoint is told where to go when it is %s', async (_name, body, status) => {
    const response = await client.post('image', body)
    expect(response.status).toBe(status)
    await expectPicture(((await response.json()) as OlderAnswer).imageUrl)
    // RFC 9745, section 2.1: a date as a structured field; in the past, as it is deprecated already.
    const [, seconds] = /^@(\d+)$/.exec(response.headers.get('deprecation') ?? '') ?? []
    expect(Number(seconds) * 1_000).toBeLessThan(Date.now())
    expect(response.headers.get('link')).toBe(
      `<${app.url}/api/visualize/generate>; rel="successor-version"`,
    )
    expect(response.headers.get('sunset')).toBeNull()
  })
})

describeWith('redis', 'an older client, with the stores behind a network', () => {
  let database: TestDatabase
  let postgres: Awaited<ReturnType<typeof startPostgresProxy>>
  let redis: TcpProxy
  let app: TestApp

  beforeAll(async () => {
    database = await createTestDatabase()
    postgres = await startPostgresProxy(database.url)
    const { hostname, port } = new URL(process.env.TEST_REDIS_URL ?? '')
    redis = await startTcpProxy({ host: hostname, port: Number(port || 6379) })
    const REDIS_URL = `redis://127.0.0.1:${redis.port}`
    app = await startTestApp({ backend: 'redis', env: { DATABASE_URL: postgres.url, REDIS_URL } })
  })
  afterAll(async () => {
    await app.stop()
    await postgres.close()
    await redis.close()
    await database.drop()
  })
  afterEach(async () => {
    await Promise.all([postgres.mend(), redis.mend()])
    await waitFor(async () => (await fetch(`${app.url}/readyz`)).ok, {
      what: 'the stores to be back',
    })
  })

  test.each<[string, () => Promise<unknown>, number]>([
    ['Redis', () => redis.cut(), 202],
    ['Postgres', () => postgres.cut(), 202],
    ['both', () => Promise.all([postgres.cut(), redis.cut()]), 503],
  ])('shows a picture while %s cannot be reached', async (name, fail, status) => {
    const client = await connect(app)
    await fail()
    // On a busy machine the queue may be too slow as well at first: a placeholder then, as ever.
    const answer = await waitFor(
      async () => {
        const shown = await client.show({ prompt: `a bridge without ${name}` })
        return shown.status === status && shown
      },
      { what: `an answer of ${status}` },
    )
    expect(answer.isPlaceholder).toBe(status === 503)
  })
})
