import { once } from 'node:events'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMetrics } from '../../src/adapters/metrics/metrics.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { parseMetrics, scrape } from '../support/metrics.ts'
import { waitFor } from '../support/wait-for.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'

describe('the figures', () => {
  let app: TestApp
  let alice: Client
  beforeAll(async () => {
    app = await startTestApp({
      env: { WEBHOOK_ALLOW_PRIVATE: 'true' },
      overrides: { metrics: createMetrics() },
    })
    alice = await createClient(app)
  })
  afterAll(() => app.stop())

  /** How much each sample has grown by `work`, once `last` has: an answer may come before its worker has counted it. */
  const growthDuring = async (last: string, work: () => Promise<unknown>) => {
    const before = await scrape(app.url)
    await work()
    const hasGrown = (after: Map<string, number>) =>
      (after.get(last) ?? 0) > (before.get(last) ?? 0)
    const after = await waitFor(
      async () => {
        const samples = await scrape(app.url)
        return hasGrown(samples) && samples
      },
      { what: last },
    )
    return (sample: string) => (after.get(sample) ?? 0) - (before.get(sample) ?? 0)
  }
  const endsOf = (outcome: string) =>
    `imageonce_generation_duration_seconds_count{lane="interactive",outcome="${outcome}"}`

  test('tell of a new image and of its reuse: submissions, stages, calls, money, stores', async () => {
    let costUsd = 0
    const growthOf = await growthDuring(endsOf('succeeded'), async () => {
      const { body } = await alice.generateAndWait({ prompt: 'a counted boat' })
      costUsd = body.costUsd ?? 0
      await alice.generateAndWait({ prompt: 'a counted boat' })
    })
    const [lane, model] = ['lane="interactive"', 'model="gemini-nano-banana-2.1"']
    expect(costUsd).toBeGreaterThan(0)
    expect({
      new: growthOf(`imageonce_submissions_total{answer="new",${lane}}`),
      exact: growthOf(`imageonce_submissions_total{answer="exact",${lane}}`),
      reuses: growthOf('imageonce_reuses_total{source="exact"}'),
      enqueued: growthOf('imageonce_enqueue_duration_seconds_count'),
      ended: growthOf(endsOf('succeeded')),
      waited: growthOf(`imageonce_generation_wait_seconds_count{${lane}}`),
      calls: growthOf(`imageonce_provider_call_duration_seconds_count{${model},outcome="image"}`),
      paid: growthOf(`imageonce_provider_paid_calls_total{${model}}`),
      put: growthOf(
        'imageonce_store_operation_duration_seconds_count{operation="put",outcome="ok"}',
      ),
    }).toEqual({
      new: 1,
      exact: 1,
      reuses: 1,
      enqueued: 1,
      ended: 1,
      waited: 1,
      calls: 1,
      paid: 1,
      put: 1,
    })
    expect(growthOf(`imageonce_provider_cost_usd_total{${model}}`)).toBeCloseTo(costUsd, 10)
    expect(growthOf('imageonce_saved_usd_total{source="exact"}')).toBeCloseTo(costUsd, 10)
    for (const stage of ['probed', 'intent_recorded', 'answered', 'stored', 'committed']) {
      const count = `imageonce_generation_stage_duration_seconds_count{stage="${stage}"}`
      expect([stage, growthOf(count)]).toEqual([stage, 1])
    }
    expect(
      growthOf('imageonce_database_query_duration_seconds_count{outcome="ok"}'),
    ).toBeGreaterThan(5)
  })

  test('tell failures and tries apart', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const refused = await growthDuring(endsOf('failed'), () =>
      alice.generateAndWait({ prompt: 'a refused boat' }),
    )
    expect(refused('imageonce_generation_failures_total{code="refused_prompt"}')).toBe(1)
    expect(refused(endsOf('failed'))).toBe(1)

    app.gemini.behave({ kind: 'sequence', steps: [{ kind: 'overloaded' }, { kind: 'image' }] })
    const retried = await growthDuring(endsOf('succeeded'), () =>
      alice.generateAndWait({ prompt: 'a retried boat' }),
    )
    expect(retried('imageonce_generation_retries_total')).toBe(1)
    expect(
      retried(
        'imageonce_provider_call_duration_seconds_count{model="gemini-nano-banana-2.1",outcome="overloaded"}',
      ),
    ).toBe(1)
    app.gemini.behave({ kind: 'image' })
  })

  test('count deliveries of webhooks', async () => {
    const receiver = await startWebhookReceiver()
    const delivered = 'imageonce_webhook_attempt_duration_seconds_count{outcome="delivered"}'
    const growthOf = await growthDuring(delivered, async () => {
      await alice.call('POST', '/api/webhooks', { body: { url: `${receiver.url}/counted` } })
      await alice.generateAndWait({ prompt: 'a told boat' })
    }).finally(receiver.close)
    expect(growthOf(delivered)).toBe(1)
  })

  test('name the route by its pattern, however it was called and however it ended', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a boat of a route' })
    const id = `g_${'0'.repeat(40)}`
    const operator = await createClient(app, 'operator', true)
    const growthOf = await growthDuring(requestsTo('GET', '/livez', '2xx'), async () => {
      await alice.get(body.id)
      await alice.fail('GET', `/API/generations/${id}?secret=1`)
      await alice.fail('GET', `/images/${id}.unsigned`)
      await alice.fail('GET', `/nowhere/${id}`)
      await alice.fail('POST', '/api/visualize/generate', { body: { prompt: 7 } })
      await operator.call('GET', '/admin/queues/queue/none')
      await callByAbsoluteAddress(app.url, 'http://secret.example/livez')
    })
    const countOf = (...request: Parameters<typeof requestsTo>) => growthOf(requestsTo(...request))
    expect(countOf('GET', '/api/generations/:id', '2xx')).toBe(1)
    expect(countOf('GET', '/api/generations/:id', '4xx')).toBe(1)
    expect(countOf('GET', '/images/:file', '4xx')).toBe(1)
    expect(countOf('GET', 'none', '4xx')).toBe(1)
    expect(countOf('GET', 'none', '2xx')).toBe(1)
    expect(countOf('POST', '/api/visualize/generate', '4xx')).toBe(1)
    expect(countOf('GET', '/livez', '2xx')).toBe(1)
    const text = [...(await scrape(app.url)).keys()].join('\n')
    expect(text).not.toMatch(/g_0|secret|API|unsigned|nowhere/)
  })

  test('count streams while they are open', async () => {
    app.gemini.behave({ kind: 'hang' })
    const { body } = await alice.generate({ prompt: 'a streamed boat' })
    const stream = await fetch(body.urls.events, {
      headers: { authorization: alice.authorization },
    })
    expect((await scrape(app.url)).get('imageonce_event_streams_open')).toBe(1)
    await alice.call('POST', `/api/generations/${body.id}/cancel`)
    await stream.text()
    const isClosed = async () => (await scrape(app.url)).get('imageonce_event_streams_open') === 0
    await waitFor(isClosed, { what: 'the stream to be counted out' })
    const routes = [...(await scrape(app.url)).keys()].filter((name) => name.includes('/events'))
    expect(routes).toEqual([])
    app.gemini.behave({ kind: 'image' })
  })

  test('of the process are there once for all that runs in it', async () => {
    const samples = await scrape(app.url)
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1e6)
    expect([...samples.keys()]).toContain('nodejs_eventloop_lag_p99_seconds')
    const roles = [...samples.keys()].filter((name) => name.startsWith('imageonce_info{'))
    expect(roles.map((name) => /role="(\w+)"/.exec(name)?.[1]).sort()).toEqual(['api', 'worker'])
    expect(samples.get('imageonce_database_waiting')).toBe(0)
  })
})

describeEachBackend('what waits', (backend) => {
  test('is told by lane, in every process alike, and read seldom', async () => {
    const app = await startTestApp({ backend, apis: 2, workers: 0 })
    try {
      const alice = await createClient(app)
      for (const prompt of ['one', 'two']) await alice.generate({ prompt })
      await alice.generate({ prompt: 'three', lane: 'eager' })
      for (const url of app.urls) {
        const samples = await scrape(url)
        expect(samples.get('imageonce_generations{lane="interactive",status="queued"}')).toBe(2)
        expect(samples.get('imageonce_generations{lane="eager",status="queued"}')).toBe(1)
        expect(samples.get('imageonce_generations{lane="eager",status="running"}')).toBe(0)
        expect(samples.get('imageonce_workers_alive')).toBe(0)
        expect(samples.get('imageonce_queue_oldest_age_seconds{lane="eager"}')).toBeGreaterThan(0)
        expect(samples.get('imageonce_queue_jobs{state="prioritized"}')).toBe(3)
      }
      const count = 'imageonce_database_query_duration_seconds_count{outcome="ok"}'
      const before = (await scrape(app.url)).get(count) ?? 0
      for (let scrapes = 0; scrapes < 20; scrapes++) await scrape(app.url)
      expect((await scrape(app.url)).get(count)).toBeLessThan(before + 10)
    } finally {
      await app.stop()
    }
  })
})

describe('who may read the figures', () => {
  const read = async (app: TestApp, token?: string) => {
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
    const response = await fetch(`${app.url}/metrics`, { headers })
    return { status: response.status, text: await response.text() }
  }

  test('is whoever has the token, where there is one', async () => {
    const METRICS_TOKEN = 'a-token-for-metrics'
    const app = await startTestApp({ workers: 0, env: { METRICS_TOKEN } })
    try {
      for (const wrong of [undefined, `${METRICS_TOKEN}x`, await app.token('alice', true)]) {
        expect(await read(app, wrong)).toMatchObject({
          status: 401,
          text: expect.stringContaining('"code":"unauthenticated"'),
        })
      }
      const { status, text } = await read(app, METRICS_TOKEN)
      expect(status).toBe(200)
      expect(parseMetrics(text).get('imageonce_http_requests_in_flight')).toBe(1)
      expect(text).not.toContain(METRICS_TOKEN)
    } finally {
      await app.stop()
    }
  })

  test('is nobody in production without one', async () => {
    const app = await startTestApp({
      workers: 0,
      env: {
        NODE_ENV: 'production',
        PUBLIC_URL: 'https://images.example',
        S3_ENDPOINT: 'http://127.0.0.1:9',
        S3_BUCKET: 'none',
        S3_ACCESS_KEY_ID: 'none',
        S3_SECRET_ACCESS_KEY: 'none',
        AUTH_JWT_SECRET: 'a secret of this test and no other one',
      },
    })
    try {
      expect(await read(app)).toMatchObject({ status: 404 })
    } finally {
      await app.stop()
    }
  })
})

const requestsTo = (method: string, route: string, status: string) =>
  `imageonce_http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`

/** As a proxy's client does; also with a host that is not ours. */
const callByAbsoluteAddress = async (serverUrl: string, address: string): Promise<void> => {
  const { hostname, port } = new URL(serverUrl)
  const sent = request({ hostname, port, path: address, agent: false })
  sent.end()
  const [response] = await once(sent, 'response')
  response.resume()
  await once(response, 'end')
}
