import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createImageonceClient, logImageGenerationTelemetry } from '../../src/client.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { recordFetch } from '../support/client-fetch.ts'
import { waitFor } from '../support/wait-for.ts'

type Told = { id: string; type: string; at: string; generationId?: string; source?: string }

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

/** A client whose telemetry is answered with `status`, and what it told. */
const connect = (status: number) => {
  const { fetch, calls } = recordFetch(({ path }) =>
    path === '/api/telemetry' ? new Response(null, { status }) : undefined,
  )
  const sent = () => calls.filter(({ path }) => path === '/api/telemetry')
  const told = () => sent().flatMap(({ body }): Told[] => JSON.parse(String(body)).events)
  const client = createImageonceClient({ baseUrl: app.url, token: () => app.token(), fetch })
  return { client, sent, told }
}

test('what became of the images is told in batches, without the prompts', async () => {
  logImageGenerationTelemetry('generation_skipped', {
    source: 'client',
    ...{ prompt: 'a secret lake' },
  })
  const { client, sent, told } = connect(202)
  const [made] = await Promise.all([
    client.generate({ prompt: 'a secret lake' }),
    client.generate({ prompt: 'a secret lake' }),
  ])
  await client.generate({ prompt: 'a secret lake' })
  await client.generate({ prompt: '' })
  await waitFor(() => told().length >= 8, { what: 'the events' })
  const brief = told().map(({ type, source, generationId }) => [type, source, generationId])
  expect(brief).toEqual([
    ['generation_skipped', 'client', undefined],
    ['generation_started', undefined, undefined],
    ['generation_completed', undefined, made?.id],
    ['generation_skipped', 'client', made?.id],
    ['generation_started', undefined, undefined],
    ['generation_skipped', 'exact', made?.id],
    ['generation_started', undefined, undefined],
    ['generation_failed', undefined, undefined],
  ])
  expect(new Set(told().map(({ id }) => id)).size).toBe(8)
  expect(sent().length).toBeLessThan(4)
  expect(
    sent()
      .map(({ body }) => String(body))
      .join(),
  ).not.toContain('secret')
  expect(sent()[0]?.headers.get('Authorization')).toMatch(/^Bearer /)
})

test('a server that does not take it is asked once', async () => {
  const { sent } = connect(404)
  logImageGenerationTelemetry('generation_started')
  await waitFor(() => sent().length, { what: 'the first batch' })
  logImageGenerationTelemetry('generation_started')
  const { told } = connect(202)
  logImageGenerationTelemetry('generation_completed')
  await waitFor(() => told().length >= 1, { what: 'the next client to tell' })
  expect(sent()).toHaveLength(1)
})

test('no more than the newest 200 wait', async () => {
  const { sent, told } = connect(202)
  for (let i = 0; i < 250; i++) logImageGenerationTelemetry('generation_started', { durationMs: i })
  await waitFor(() => told().length >= 200, { what: 'the batches' })
  expect(sent()).toHaveLength(4)
  expect(told()[0]).toMatchObject({ durationMs: 50 })
})
