import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createOpenApiDocument } from '../../src/openapi/document.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Answer, type Client, createClient } from '../support/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { newHookSecret, signHook } from '../support/hooks.ts'
import { createContractCheck } from '../support/openapi.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'

const SECRET = newHookSecret()

/** As long as a statement is waited for where nothing gives it up earlier. */
const STATEMENT_TIMEOUT_MS = 15_000

const OPERATORS_ONLY = [
  '/api/alerts',
  '/api/alerts/history',
  '/api/analytics/owners',
  '/api/analytics/owners.csv',
  '/api/settings',
  '/api/status',
]

/** What is answered without Postgres, and how. */
const WITHOUT_POSTGRES: Record<string, string> = {
  '/api/info': '200',
  '/api/session': '200',
  '/api/settings': '200',
  '/livez': '200',
  '/images/{file}': '200 placeholder',
}

let database: TestDatabase
let proxy: Awaited<ReturnType<typeof startPostgresProxy>>
let app: TestApp
let owner: Client
let operator: Client

const start = async (backend: 'redis' | 'postgres') => {
  database = await createTestDatabase()
  proxy = await startPostgresProxy(database.url)
  const env = { DATABASE_URL: proxy.url, HOOK_SECRETS: `cms:${SECRET}` }
  app = await startTestApp({ backend, env })
  owner = await createClient(app)
  operator = await createClient(app, 'ops', true)
}

afterEach(async () => {
  await proxy.mend()
  await app.stop()
  await proxy.close()
  await database.drop()
})

/** Every GET of the document with ids that are there. */
const listPaths = async () => {
  const { body: generation } = await owner.generateAndWait({ prompt: 'before' })
  const make = async (path: string, body?: object): Promise<string> =>
    (await owner.call<{ id: string }>('POST', path, { body })).body.id
  const item = await make('/api/saved-items', { title: 'kept' })
  const webhook = await make('/api/webhooks', { url: 'https://app.example/told' })
  const delivery = await make(`/api/webhooks/${webhook}/test`)
  const ids: Record<string, string> = {
    '/api/generations': generation.id,
    '/api/saved-items': item,
    '/api/webhooks': webhook,
  }
  const { operations } = createContractCheck(createOpenApiDocument('test', undefined) as never)
  return operations
    .filter(({ method }) => method === 'get')
    .map(({ path: template }) => {
      const [collection = ''] = template.split('/{id}')
      const path = template
        .replace('{id}', ids[collection] ?? '')
        .replace('{deliveryId}', delivery)
        .replace('/images/{file}', generation.imageUrl)
      return { template, path }
    })
}

/** `503` in full: with a problem that says so, and when to come back. */
const summarize = ({ status, headers, body }: Answer<unknown>): string => {
  if (headers.get('imageonce-placeholder')) return `${status} placeholder`
  if (status !== 503) return `${status}`
  const { code, retryable } = body as { code?: string; retryable?: boolean }
  return `503 ${code} ${retryable} after ${headers.get('retry-after')} s`
}

const AWAY = '503 unavailable true after 2 s'

const expectAnswers = async (who: string, readyz: string) => {
  const client = who === 'operator' ? operator : owner
  const paths = await listPaths()
  expect(paths.length).toBeGreaterThan(20)
  proxy.freeze()
  const answers = paths.map(async ({ template, path }) => {
    const headers = template.startsWith('/api/hooks') ? signHook('', { secret: SECRET }) : {}
    const answer = await client.call('GET', path, {
      headers,
      signal: AbortSignal.timeout(STATEMENT_TIMEOUT_MS),
    })
    return [template, summarize(answer)]
  })
  const expected = paths.map(({ template }) => {
    if (who === 'owner' && OPERATORS_ONLY.includes(template)) return [template, '403']
    if (template === '/readyz') return [template, readyz]
    return [template, WITHOUT_POSTGRES[template] ?? AWAY]
  })
  expect(await Promise.all(answers)).toEqual(expected)
  await proxy.mend()
}

describeEachBackend('while Postgres hears and says nothing', (backend) => {
  beforeEach(() => start(backend))

  test.each(['owner', 'operator'])(
    'every GET of the API tells its %s so, before a statement times out',
    (who) =>
      expectAnswers(who, backend === 'redis' ? '200' : '503 undefined undefined after null s'),
  )
})
