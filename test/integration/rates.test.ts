import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { RATE_CLASS_NAMES } from '../../src/adapters/http/rates/rate-classes.ts'
import { findRateClass } from '../../src/adapters/http/rates/route-classes.ts'
import type { Problem } from '../../src/contract/problem.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Answer, type Client, createClient } from '../support/client.ts'
import { describeBothBackends } from '../support/each-backend.ts'
import { newHookSecret } from '../support/hooks.ts'
import { listRoutes } from '../support/openapi.ts'
import { makePng } from '../support/pictures.ts'
import { expectProblem } from '../support/problems.ts'
import { waitFor } from '../support/wait-for.ts'

/** Of asking enough that two processes have told each other long before each has reached it by itself. */
const limitOf = (name: string): number => ({ ask: 200, new: 4 })[name] ?? 10
const FEW = RATE_CLASS_NAMES.map((name) => `${name}=${limitOf(name)}`).join(',')

type Call = (client: Client, url: string) => Promise<Answer<Problem>>

const ask = '/api/visualize/generate'
const call =
  (
    method: string,
    path: string,
    makeBody?: () => unknown,
    headers?: Record<string, string>,
  ): Call =>
  (client, url) =>
    client.call(method, url + path, { body: makeBody?.(), ...(headers && { headers }) })
const generate = (makePrompt: () => string) =>
  call('POST', ask, () => ({ prompt: makePrompt(), lane: 'eager' }))

const event = () => ({ id: randomUUID(), type: 'generation_skipped', at: '2026-11-22T12:00:00Z' })
const png = makePng()

/** Something of each class that owners are counted in. */
const CALLS: Record<string, Call> = {
  read: call('GET', '/api/info'),
  ask: generate(() => 'always the same'),
  upload: async (client, url) =>
    client.call('POST', `${url}/api/images`, {
      body: await png,
      headers: { 'content-type': 'image/png' },
    }),
  change: call('DELETE', '/api/images/none'),
  'webhook-test': call('POST', '/api/webhooks/none/test'),
  telemetry: call('POST', '/api/telemetry', () => ({ events: [event()] })),
}

/** And of those that are counted by address. */
const ANONYMOUS: Record<string, Call> = {
  hook: call('GET', '/api/hooks/webhooks'),
  image: call('GET', '/images/none'),
  page: call('GET', '/nothing/here'),
  'sign-in': call('POST', '/api/session', () => ({ token: 'wrong' })),
}

describeBothBackends('rates', (backend) => {
  let app: TestApp
  const newOwner = () => createClient(app, `owner ${randomUUID()}`)

  beforeAll(async () => {
    app = await startTestApp({
      backend,
      apis: 2,
      workers: 0,
      env: {
        RATE_LIMITS: FEW,
        RATE_ADDRESS_FACTOR: '1000',
        TRUSTED_PROXIES: '1',
        HOOK_SECRETS: `cms:${newHookSecret()}`,
      },
    })
  })
  afterAll(() => app.stop())

  /** Until it is refused. */
  const flood = async (client: Client, url: string, once: Call, limit: number) => {
    for (let count = 0; count <= limit; count++) {
      const answer = await once(client, url)
      if (answer.status === 429) return { count, refused: answer }
    }
    throw new Error('never refused')
  }
  const expectRefusal = (refused: Answer<Problem>, policy: string) => {
    expectProblem(refused, { status: 429, code: 'rate_limited' })
    expect(refused.body.retryable).toBe(true)
    expect(refused.headers.get('ratelimit-policy')).toBe(`"${policy}";q=${limitOf(policy)};w=60`)
    const [, seconds] = /;r=0;t=(\d+)$/.exec(refused.headers.get('ratelimit') ?? '') ?? []
    expect(seconds).toBe(refused.headers.get('retry-after'))
    expect(Number(seconds)).toBeGreaterThan(0)
    expect(Number(seconds)).toBeLessThanOrEqual(60)
  }

  test.each(Object.entries(CALLS))(
    '%s: a flood ends, and nobody else’s answers do',
    async (name, once) => {
      const [mallory, bob] = await Promise.all([newOwner(), newOwner()])
      const { count, refused } = await flood(mallory, app.url, once, limitOf(name))
      expect(count).toBe(limitOf(name))
      expectRefusal(refused, name)
      expect((await once(bob, app.url)).status).not.toBe(429)
    },
  )

  test('a flood at one process is known to the other', async () => {
    const [mallory, bob] = await Promise.all([newOwner(), newOwner()])
    const once = generate(() => 'at both')
    // There already, so that none of the others is new.
    expect((await once(mallory, app.url)).status).toBe(202)
    const answers = Array.from({ length: limitOf('ask') - 1 }, () => once(mallory, app.url))
    for (const { status } of await Promise.all(answers)) expect(status).toBe(202)
    let taken = 0
    await waitFor(
      async () => {
        const { status } = await once(mallory, app.urls[1] ?? '')
        if (status === 202) taken++
        return status === 429
      },
      { what: 'the other process to know' },
    )
    expect(taken).toBeLessThan(limitOf('ask'))
    expect((await once(bob, app.urls[1] ?? '')).status).toBe(202)
  })

  test('new: no more is begun, with a picture to show; what is there is answered', async () => {
    const mallory = await newOwner()
    let prompts = 0
    const once = generate(() => `new ${prompts++}`)
    const { count, refused } = await flood(mallory, app.url, once, limitOf('new'))
    expect(count).toBe(limitOf('new'))
    expectRefusal(refused, 'new')
    expect(refused.body).toMatchObject({ isPlaceholder: true })
    expect(refused.body.imageUrl).toMatch(/^data:image\//)
    expect((await generate(() => 'new 0')(mallory, app.url)).status).toBe(202)
  })

  test.each(Object.entries(ANONYMOUS))('%s: counts by address', async (name, once) => {
    const addresses = [0, 1].map((n) => `198.51.100.${name.length * 10 + n}`)
    const from =
      (address: string | undefined): Call =>
      (client, url) =>
        once(
          {
            ...client,
            call: (method, path, options) =>
              client.call(method, path, {
                ...options,
                headers: {
                  authorization: '',
                  'x-forwarded-for': `203.0.113.${Math.random()}, ${address}`,
                },
              }),
          },
          url,
        )
    const nobody = await newOwner()
    const { count, refused } = await flood(nobody, app.url, from(addresses[0]), limitOf(name))
    expect(count).toBe(limitOf(name))
    expectRefusal(refused, name)
    expect((await from(addresses[1])(nobody, app.url)).status).not.toBe(429)
  })
})

describe('every route', () => {
  let app: TestApp

  beforeAll(async () => {
    app = await startTestApp({
      workers: 0,
      env: { RATE_LIMITS: 'page=3', METRICS_TOKEN: 'm'.repeat(16) },
    })
  })
  afterAll(() => app.stop())

  test('is of a class', () => {
    const without = listRoutes(app.routes)
      .map((route) =>
        route.replace(/^\w+/, (verb) => verb.toUpperCase()).replace(/\{(\w+)\}/g, 'x'),
      )
      .filter((route) => findRateClass(...(route.split(' ') as [string, string])) === undefined)
    expect(without).toEqual([])
  })

  test('believes nobody about where a request comes from unless it is told whom', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 4; n++) {
      const headers = { 'x-forwarded-for': `198.51.100.${n}` }
      const answer = await fetch(`${app.url}/nothing`, { headers })
      await answer.text()
      statuses.push(answer.status)
    }
    expect(statuses).toEqual([404, 404, 404, 429])
    const probe = await fetch(`${app.url}/livez`)
    expect([probe.status, await probe.json()]).toEqual([200, { status: 'ok' }])
  })
})
