import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createApi } from '../../src/app/api.ts'
import { parseConfig } from '../../src/app/config.ts'
import { resolveSecrets } from '../../src/app/secrets.ts'
import type { Generation } from '../../src/contract/generation.ts'
import type { EndingImageUrl } from '../../src/contract/image.ts'
import type { Key } from '../../src/contract/key.ts'
import type { SavedItem } from '../../src/contract/saved-item.ts'
import type { ServerInfo } from '../../src/contract/server-info.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { newHookSecret, sendHook } from '../support/hooks.ts'
import { countEverything, expectProblem } from '../support/problems.ts'
import { waitFor } from '../support/wait-for.ts'

const SECRETS = { cms: newHookSecret(), blog: newHookSecret(), open: newHookSecret() }
const MODEL = 'gemini-nano-banana-2.1'

let app: TestApp
let alice: Client
let admin: Client

beforeAll(async () => {
  app = await startTestApp({
    apis: 2,
    env: {
      HOOK_SECRETS: Object.entries(SECRETS)
        .map((pair) => pair.join(':'))
        .join(),
      HOOK_NAMESPACES: 'cms:shop,blog:blog',
      OWNER_MODELS: MODEL,
      OWNER_SIZES: '1K',
      OWNER_LANES: 'interactive',
    },
  })
  alice = await createClient(app)
  admin = await createClient(app, 'ops', true)
})
afterAll(() => app.stop())

const refused = { status: 403, code: 'refused_by_policy' }

describe('what an owner may not ask for', () => {
  test.each([
    [{ imageSize: '2K' }, '/imageSize'],
    [{ model: 'gemini-3-pro-image' }, '/model'],
    [{ lane: 'eager' }, '/lane'],
  ])('%j is refused by name, with a placeholder, and costs nothing', async (asked, pointer) => {
    const before = await countEverything(app)
    for (const path of ['/api/visualize/generate', '/api/visualize/image']) {
      const answer = await alice.fail('POST', path, { body: { prompt: 'dear', ...asked } })
      expectProblem(answer, { ...refused, pointers: [pointer] })
      expect(answer.body).toMatchObject({
        isPlaceholder: true,
        imageUrl: expect.stringMatching(/^data:image/),
      })
    }
    expect(await countEverything(app)).toEqual(before)
  })

  test('is an operator’s to ask for, and not the owner’s to ask for again', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const body = { prompt: 'dear and refused', imageSize: '2K' }
    const { body: key } = await admin.call<Key>('POST', '/api/keys', {
      body: { name: 'dear', ownerId: 'alice', sizes: ['1K', '2K'] },
    })
    const byKey = await createClient({ url: app.url, token: async () => key.key ?? '' })
    const { body: made } = await byKey.generateAndWait(body)
    app.gemini.reset()
    expect(made).toMatchObject({ status: 'failed', imageSize: '2K' })
    const again = `/api/generations/${made.id}`
    expectProblem(await alice.fail('POST', `${again}/retry`), refused)
    expectProblem(await alice.fail('POST', `${again}/regenerate`), refused)
    const bulk = { action: 'retry', filter: {}, dryRun: false }
    const { body: report } = await alice.call<{ refused: { id: string; code: string }[] }>(
      'POST',
      '/api/generations/bulk',
      { body: bulk },
    )
    expect(report.refused).toContainEqual({ id: made.id, code: 'refused_by_policy' })
    expect((await admin.call('POST', `${again}/retry`)).status).toBe(202)
    expectProblem(
      await byKey.fail('POST', '/api/visualize/generate', {
        body: { ...body, imageSize: '4K' },
      }),
      { ...refused, pointers: ['/imageSize'] },
    )
  })

  test('is not saved with an item either', async () => {
    const items = '/api/saved-items'
    const body = { title: 'dear', prompt: 'a dear item' }
    const dear = { body: { ...body, imageSize: '4K' } }
    expectProblem(await alice.fail('POST', items, dear), { ...refused, pointers: ['/imageSize'] })
    const { status, body: item } = await alice.call<SavedItem>('POST', items, { body })
    expect(status).toBe(201)
    expectProblem(
      await alice.fail('PATCH', `${items}/${item.id}`, { body: { imageSize: '2K' } }),
      refused,
    )
  })

  test('is told beforehand', async () => {
    const callerOf = async (client: Client) =>
      (await client.call<ServerInfo>('GET', '/api/info')).body.caller
    expect(await callerOf(alice)).toEqual({
      ...{ ownerId: 'alice', isAdmin: false },
      ...{ models: [MODEL], sizes: ['1K'], lanes: ['interactive'] },
    })
    expect(await callerOf(admin)).toEqual({ ownerId: 'ops', isAdmin: true })
  })
})

describe('a hook source', () => {
  const save = (source: keyof typeof SECRETS, ownerId: string, title: string) =>
    sendHook(app, { ownerId, itemId: 'one', title, prompt: 'hooked' }, { secret: SECRETS[source] })
  const titleOf = async (ownerId: string) => {
    const row = await app.db
      .selectFrom('savedItems')
      .select('title')
      .where('ownerId', '=', ownerId)
      .where('id', '=', 'one')
      .executeTakeFirst()
    return row?.title
  }

  test('with a namespace writes in it alone, whatever it names', async () => {
    const client = await createClient(app, 'user-1')
    const body = { id: 'one', title: 'the person’s own' }
    await client.call('POST', '/api/saved-items', { body })
    expect((await save('cms', 'user-1', 'by the cms')).status).toBe(202)
    expect((await save('blog', 'user-1', 'by the blog')).status).toBe(202)
    expect((await save('blog', 'shop::user-1', 'by a leaked secret')).status).toBe(202)
    expect(await titleOf('user-1')).toBe('the person’s own')
    expect(await titleOf('shop::user-1')).toBe('by the cms')
    expect(await titleOf('blog::user-1')).toBe('by the blog')
    expect(await titleOf('blog::shop::user-1')).toBe('by a leaked secret')
  })

  test('without one reaches none', async () => {
    const answer = await save('open', 'shop::user-1', 'from outside')
    expect([answer.status, answer.body.code]).toEqual([403, 'forbidden'])
    expect((await save('open', 'user-2', 'outside')).status).toBe(202)
    expect(await titleOf('user-2')).toBe('outside')
  })
})

describe('a session', () => {
  /** Less than what is remembered without a word counts, so that it is the word that does it. */
  const SOON = { what: 'the session to be over', timeoutMs: 8_000 }
  const headers = { 'content-type': 'application/json', 'Sec-Fetch-Site': 'same-origin' }

  const signIn = async (owner: string) => {
    const response = await fetch(`${app.url}/api/session`, {
      ...{ method: 'POST', headers, body: JSON.stringify({ token: await app.token(owner) }) },
    })
    await response.arrayBuffer()
    const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';')
    return cookie
  }
  const statusAt = async (api: number, cookie: string) => {
    const response = await fetch(`${app.urls[api]}/api/generations`, { headers: { cookie } })
    await response.arrayBuffer()
    return response.status
  }

  test('that is signed out is over in every process, for whoever has the cookie', async () => {
    const [cookie, other] = [await signIn('dora'), await signIn('dora')]
    for (const api of [0, 1]) expect(await statusAt(api, cookie)).toBe(200)
    await fetch(`${app.url}/api/session`, { method: 'DELETE', headers: { ...headers, cookie } })
    for (const api of [0, 1]) {
      await waitFor(async () => (await statusAt(api, cookie)) === 401, SOON)
    }
    expect(await statusAt(1, other)).toBe(200)
  })

  test('of an owner is over when an operator ends them all, and another can be begun', async () => {
    const [cookie, others] = [await signIn('emil'), await signIn('fred')]
    for (const api of [0, 1]) expect(await statusAt(api, cookie)).toBe(200)
    const body = { ownerId: 'emil' }
    expectProblem(await alice.fail('POST', '/api/sessions/end', { body }), {
      status: 403,
      code: 'forbidden',
    })
    expect((await admin.call('POST', '/api/sessions/end', { body })).status).toBe(204)
    for (const api of [0, 1]) {
      await waitFor(async () => (await statusAt(api, cookie)) === 401, SOON)
    }
    expect(await statusAt(0, others)).toBe(200)
    const anew = await signIn('emil')
    for (const api of [0, 1]) expect(await statusAt(api, anew)).toBe(200)
  })

  test('is over everywhere when its owner ends all, and nobody else’s is', async () => {
    const [here, there, others] = [
      await signIn('gustav'),
      await signIn('gustav'),
      await signIn('hugo'),
    ]
    for (const cookie of [here, there, others]) expect(await statusAt(1, cookie)).toBe(200)
    const ended = await fetch(`${app.url}/api/me/sessions`, {
      method: 'DELETE',
      headers: { ...headers, cookie: here },
    })
    expect(ended.status).toBe(204)
    for (const cookie of [here, there]) {
      for (const api of [0, 1]) {
        await waitFor(async () => (await statusAt(api, cookie)) === 401, SOON)
      }
    }
    expect(await statusAt(1, others)).toBe(200)
    // A token is none: it goes on until it ends.
    const gustav = await createClient(app, 'gustav')
    expect((await gustav.call('GET', '/api/info')).status).toBe(200)
  })
})

test('the URL of an image may be given an end', async () => {
  const { body: made } = await alice.generateAndWait({ prompt: 'for an hour' })
  const path = `/api/images/${made.id}/url`
  const body = { expiresInSeconds: 3_600 }
  const bob = await createClient(app, 'bob')
  expectProblem(await bob.fail('POST', path, { body }), { status: 404, code: 'not_found' })
  const { body: ending } = await alice.call<EndingImageUrl>('POST', path, { body })
  const shown = await fetch(ending.imageUrl)
  expect(shown.headers.get('content-type')).toMatch(/^image\//)
  expect(shown.headers.get('cache-control')).toBe('public, max-age=60')
  await shown.arrayBuffer()
  for (const other of [
    ending.imageUrl.replace(/\?.*/, ''),
    ending.imageUrl.replace(/exp=\d/, 'exp=9'),
    `${made.imageUrl.replace(/\?.*/, '')}?exp=9999999999`,
  ]) {
    expect((await fetch(other)).status).toBe(404)
  }
  const soon = await alice.call<EndingImageUrl>('POST', path, { body: { expiresInSeconds: 1 } })
  const isOver = async () => (await fetch(soon.body.imageUrl)).status === 404
  await waitFor(isOver, { what: 'the URL to end' })
})

describe('exchanging secrets under load', () => {
  const newSecret = () => randomBytes(32).toString('hex')

  /** One process after another, each with the next settings and the other still there, as a rolling deployment has it. */
  test('refuses no request and breaks no image', async () => {
    const made = (await alice.generateAndWait({ prompt: 'through it all' })).body
    const [jwt, image] = [
      [newSecret(), newSecret()],
      [newSecret(), newSecret()],
    ]
    const [hookOld, hookNew] = [newHookSecret(), newHookSecret()]
    const lists = (of: string[], step: number) =>
      [[of[0]], [of[0], of[1]], [of[1], of[0]], [of[1]]][step]?.join() ?? ''
    const settingsAt = (step: number) => ({
      ...{ NODE_ENV: 'test', PORT: '0', LOG_LEVEL: 'silent', EMBEDDING_SOURCE: 'off' },
      ...{ DATA_DIR: app.dataDir, QUEUE_NAME: app.config.queue.name, GEMINI_API_KEY: 'test-key' },
      ...{ DATABASE_URL: app.config.database.url ?? '', GEMINI_BASE_URL: app.gemini.url },
      AUTH_JWT_SECRET: lists(jwt as string[], step),
      IMAGE_URL_SECRET: lists(image as string[], step),
      HOOK_SECRETS: lists([`cms:${hookOld}`, `cms:${hookNew}`], step),
    })
    const start = async (step: number) => {
      const config = parseConfig(settingsAt(step))
      const api = createApi(config, await resolveSecrets(config), app.logger)
      return { url: (await api.start()).url, stop: () => api.stop({ idleMs: 0 }) }
    }
    let [a, b] = [await start(0), await start(0)]
    const urlAt = (place: number) => (place === 0 ? a : b).url
    /** What the issuer, and the sender of hooks, sign with. */
    let signing = 0
    let requests = 0
    let isDone = false
    const failures: string[] = []
    const expectOk = async (what: string, response: Response) => {
      requests++
      const text = await response.text()
      if (!response.ok) failures.push(`${what}: ${response.status} ${text}`)
      return text
    }
    const work = async () => {
      while (!isDone) {
        const secrets = { ...app.secrets, jwtSecrets: [jwt[signing] as string] }
        const authorization = `Bearer ${await app.sign(secrets, 'alice')}`
        const secret = signing === 0 ? hookOld : hookNew
        for (const place of [0, 1]) {
          const headers = { authorization }
          const read = await fetch(`${urlAt(place)}/api/generations/${made.id}`, { headers })
          const { imageUrl } = JSON.parse(await expectOk('read', read)) as Generation
          // Whichever process showed the address, the other one knows it too.
          const { pathname, search } = new URL(imageUrl)
          for (const other of [0, 1]) {
            const shown = await fetch(`${urlAt(other)}${pathname}${search}`)
            await expectOk('image', shown)
          }
          const item = { ownerId: 'alice', itemId: 'exchanged', title: 'one', prompt: 'hooked' }
          const hook = await sendHook({ url: urlAt(place) }, item, { secret })
          requests++
          if (hook.status !== 202) failures.push(`hook: ${hook.status}`)
        }
      }
    }
    /** The next process answers before the last one of its place goes, and takes over from then on. */
    const passOver = async (step: number) => {
      const [before, after] = [a, await start(step)]
      a = after
      await settle()
      await before.stop()
      const [second, next] = [b, await start(step)]
      b = next
      await settle()
      await second.stop()
    }
    /** Until all that was under way has come round twice. */
    const settle = async () => {
      const until = requests + 20
      await waitFor(() => requests >= until || failures.length > 0, { what: 'requests to pass' })
    }
    const working = Promise.all([work(), work()])
    try {
      await settle()
      await passOver(1)
      signing = 1
      await settle()
      await passOver(2)
      await passOver(3)
    } finally {
      isDone = true
      await working
      await Promise.all([a.stop(), b.stop()])
    }
    expect(failures).toEqual([])
    expect(requests).toBeGreaterThan(100)
  })
})
