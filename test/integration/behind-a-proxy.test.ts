import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import type { Generation } from '../../src/contract/generation.ts'
import type { ServerInfo } from '../../src/contract/server-info.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { wantsAllBackends } from '../support/each-backend.ts'
import { createHolds } from '../support/held.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { describeWith } from '../support/skip.ts'

/*
 * With everything tested, nginx is as it comes and gives up after 60 s, before which the server answers by itself; else
 * both are twenty times as quick.
 */
const { env, directives } = wantsAllBackends()
  ? { env: {}, directives: '' }
  : { env: { MAX_WAIT_SECONDS: '2' }, directives: 'proxy_read_timeout 3s;' }

describeWith('nginx', 'behind nginx', () => {
  let app: TestApp
  let nginx: Nginx
  let alice: Client
  let holds: ReturnType<typeof createHolds>

  beforeAll(async () => {
    app = await startTestApp({ env: { ...env, INTERACTIVE_DEADLINE_MS: '600000' } })
    nginx = await startNginx(app.url, directives)
    alice = await createClient({ url: nginx.url, token: app.token })
    holds = createHolds(app.gemini)
  })
  afterAll(async () => {
    await nginx.stop()
    await app.stop()
  })
  afterEach(() => holds.release())

  test('whatever waits for a model that hangs is answered before the proxy gives up', async () => {
    const { id } = await holds.start(alice, 'never done')
    const imageUrl = (await alice.get(id)).body.urls.image.replace(app.url, nginx.url)
    const wait = { Prefer: 'wait=600' }
    const [image, posted, read, older] = await Promise.all([
      fetch(`${imageUrl}?wait=600`),
      alice.generate({ prompt: 'never done' }, wait),
      alice.get(id, wait),
      alice.call<Generation>('POST', '/api/visualize/image', { body: { prompt: 'never either' } }),
    ])
    expect(image.status).toBe(200)
    expect(image.headers.get('imageonce-placeholder')).toBe('true')
    await image.arrayBuffer()
    const { maxWaitSeconds } = (await alice.call<ServerInfo>('GET', '/api/info')).body.limits
    for (const { status, headers, body } of [posted, read, older]) {
      expect([200, 202]).toContain(status)
      expect(body.status).toMatch(/^(queued|running)$/)
      expect(body.imageUrl).toContain('/images/')
      if (headers.has('preference-applied')) {
        expect(headers.get('preference-applied')).toBe(`wait=${maxWaitSeconds}`)
      }
    }
    expect([posted.status, older.status]).toEqual([202, 202])
  })

  test('each event of a stream comes when it happens', async () => {
    const held = await holds.start(alice, 'told at once')
    const response = await fetch(`${nginx.url}/api/generations/${held.id}/events`, {
      headers: { authorization: alice.authorization },
    })
    expect(response.headers.get('cache-control')).toContain('no-transform')
    let told = ''
    for await (const chunk of response.body ?? []) {
      told += Buffer.from(chunk).toString()
      // The model goes on only when the first event has come through.
      if (told.includes('event: snapshot')) held.open()
    }
    expect(told).toContain('event: generation.succeeded')
  })
})

test('answers are https where a proxy was asked by https', async () => {
  const app = await startTestApp({ workers: 0 })
  try {
    const alice = await createClient(app)
    const ask = async (proto: string) => {
      const { body } = await alice.generate({ prompt: 'a lock' }, { 'X-Forwarded-Proto': proto })
      return new Set(
        [body.imageUrl, ...Object.values(body.urls)].map((url) => new URL(url).protocol),
      )
    }
    expect(await ask('https')).toEqual(new Set(['https:']))
    expect(await ask('https, http')).toEqual(new Set(['https:']))
    expect(await ask('javascript')).toEqual(new Set(['http:']))
  } finally {
    await app.stop()
  }
})
