import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { ReceiptLink } from '../../src/contract/receipt.ts'
import { createOpenApiDocument } from '../../src/openapi/document.ts'
import { type AilingAt, startAilingPostgres } from '../support/ailing-postgres.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Answer, type Client, createClient } from '../support/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { newHookSecret, signHook } from '../support/hooks.ts'
import { createContractCheck } from '../support/openapi.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

const SECRET = newHookSecret()

/** As long as a statement is waited for where nothing gives it up earlier. */
const STATEMENT_TIMEOUT_MS = 15_000

const OPERATORS_ONLY = [
  '/api/alerts',
  '/api/alerts/history',
  '/api/analytics/owners',
  '/api/analytics/owners.csv',
  '/api/batches',
  '/api/budgets',
  '/api/keys',
  '/api/owners/{id}/erasure',
  '/api/owners/{id}/export',
  '/api/reconciliations',
  '/api/reconciliations/{id}',
  '/api/settings',
  '/api/status',
]

/** What is answered without Postgres, and how. */
const WITHOUT_POSTGRES: Record<string, string> = {
  '/api/info': '200',
  '/api/session': '200',
  '/api/settings': '200',
  '/livez': '200',
  // Its URL names the bytes, which the store has.
  '/images/{file}': '200 image',
  '/fal/.well-known/jwks.json': '200',
  '/gemini/{version}/models': '200',
  '/gemini/{version}/models/{model}': '200',
  '/openai/v1/models': '200',
  '/openai/v1/models/{id}': '200',
}

const MODEL = 'gemini-nano-banana-2.1'

let database: TestDatabase
let proxy: Awaited<ReturnType<typeof startPostgresProxy>>
let app: TestApp
let owner: Client
let operator: Client
let paths: Awaited<ReturnType<typeof listPaths>>

const start = async (backend: 'redis' | 'postgres', workers = 1) => {
  database = await createTestDatabase()
  proxy = await startPostgresProxy(database.url)
  const env = { DATABASE_URL: proxy.url, HOOK_SECRETS: `cms:${SECRET}` }
  app = await startTestApp({ backend, env, workers })
  owner = await createClient(app)
  operator = await createClient(app, 'ops', true)
  paths = await listPaths()
  expect(paths.length).toBeGreaterThan(20)
}

const stop = async () => {
  await proxy.mend()
  await app.stop()
  await proxy.close()
  await database.drop()
}

/** Every GET of the document with ids that are there. */
const listPaths = async () => {
  const { body: generation } = await owner.generateAndWait({ prompt: 'before' })
  const make = async (path: string, body?: object): Promise<string> =>
    (await owner.call<{ id: string }>('POST', path, { body })).body.id
  const item = await make('/api/saved-items', { title: 'kept' })
  const webhook = await make('/api/webhooks', { url: 'https://app.example/told' })
  const delivery = await make(`/api/webhooks/${webhook}/test`)
  const link = await owner.call<ReceiptLink>('POST', `/api/images/${generation.id}/receipt/link`, {
    body: { expiresInSeconds: 3_600 },
  })
  // With its signature.
  const shared = link.body.url.split('/receipts/')[1] ?? ''
  const ids: Record<string, string> = {
    '/api/generations': generation.id,
    '/api/images': generation.id,
    '/api/receipts': shared,
    '/api/reconciliations': 'latest',
    '/api/owners': 'alice',
    '/api/saved-items': item,
    '/api/webhooks': webhook,
    '/fal/{owner}/{app}/requests': generation.id,
    '/openai/v1/models': MODEL,
  }
  const { operations } = createContractCheck(createOpenApiDocument('test', undefined) as never)
  return operations
    .filter(({ method }) => method === 'get')
    .map(({ path: template }) => {
      const [collection = ''] = template.split('/{id}')
      const path = template
        .replace('{id}', ids[collection] ?? '')
        .replace('{deliveryId}', delivery)
        .replace('/api/find', '/api/find?q=heron')
        .replace('/images/{file}', generation.imageUrl)
        .replace('{file}', '2026-11')
        .replace('{owner}/{app}', 'fal-ai/nano-banana')
        .replace('{version}', 'v1beta')
        .replace('{model}', MODEL)
      return { template, path }
    })
}

/** `503` in full: with a problem that says so, and when to come back. */
const summarize = ({ status, headers, body }: Answer<unknown>): string => {
  if (headers.get('imageonce-placeholder')) return `${status} placeholder`
  if (headers.get('content-type')?.startsWith('image/')) return `${status} image`
  if (status !== 503) return `${status}`
  const { code, retryable } = body as { code?: string; retryable?: boolean }
  return `503 ${code} ${retryable} after ${headers.get('retry-after')} s`
}

const AWAY = '503 unavailable true after 2 s'
/** fal's clients are not told whether it passes. */
const AWAY_BY_FAL = '503 unavailable undefined after 2 s'

const askAll = (who: string) => {
  const client = who === 'operator' ? operator : owner
  const answers = paths.map(async ({ template, path }) => {
    const headers = template.startsWith('/api/hooks') ? signHook('', { secret: SECRET }) : {}
    const answer = await client.call('GET', path, {
      headers,
      signal: AbortSignal.timeout(STATEMENT_TIMEOUT_MS),
    })
    return [template, summarize(answer)]
  })
  return Promise.all(answers)
}

const expectAway = async (who: string, readyz: string) => {
  const expected = paths.map(({ template }) => {
    if (who === 'owner' && OPERATORS_ONLY.includes(template)) return [template, '403']
    if (template === '/readyz') return [template, readyz]
    const away = template.startsWith('/fal/') ? AWAY_BY_FAL : AWAY
    return [template, WITHOUT_POSTGRES[template] ?? away]
  })
  expect(await askAll(who)).toEqual(expected)
}

const NOT_READY = '503 undefined undefined after null s'

describeEachBackend('while Postgres hears and says nothing', (backend) => {
  beforeAll(() => start(backend))
  afterAll(stop)

  test.each(['owner', 'operator'])(
    'every GET of the API tells its %s so, before a statement times out',
    async (who) => {
      proxy.freeze()
      await expectAway(who, backend === 'redis' ? '200' : NOT_READY)
      await proxy.mend()
    },
  )
})

describe('while Postgres can’t do what it is asked', () => {
  let ailing: Awaited<ReturnType<typeof startAilingPostgres>>

  beforeAll(async () => {
    await start('postgres')
    ailing = await startAilingPostgres()
    await app.stopWorkers()
  })
  afterAll(async () => {
    await stop()
    await ailing.close()
  })
  beforeEach(() => {
    proxy.redirect()
  })

  const expectRefused = async () => {
    await expectAway('operator', NOT_READY)
    const body = { prompt: 'during' }
    const refused = await owner.fail('POST', '/api/visualize/generate', { body })
    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'unavailable', isPlaceholder: true },
    })
    expect(refused.headers.get('retry-after')).toBe('2')
  }

  // What is not among them: docs/adr/0039.
  test.each<[string, AilingAt]>([
    ['08006', 'statement'],
    ['08P01', 'connection'],
    ['25006', 'statement'],
    ['25P03', 'statement'],
    ['25P04', 'statement'],
    ['26000', 'statement'],
    ['28000', 'connection'],
    ['28P01', 'connection'],
    ['3D000', 'connection'],
    ['40001', 'statement'],
    ['40P01', 'statement'],
    ['42501', 'statement'],
    ['42P05', 'statement'],
    ['53100', 'statement'],
    ['53300', 'connection'],
    ['55P03', 'statement'],
    ['57014', 'statement'],
    ['57P01', 'statement'],
    ['57P03', 'connection'],
    ['58030', 'statement'],
    ['72000', 'statement'],
    ['XX000', 'statement'],
    ['XX001', 'statement'],
  ])(
    'every GET says so, and a request is refused with a placeholder: %s at a %s',
    async (state, at) => {
      ailing.ail(state, at)
      proxy.redirect(ailing.url)
      await expectRefused()
    },
  )

  test('the same where nothing listens', async () => {
    await proxy.cut()
    await expectRefused()
    await proxy.mend()
  })

  test('what blames a statement stays our fault', async () => {
    ailing.ail('42P01', 'statement')
    proxy.redirect(ailing.url)
    const { status, body } = await owner.fail('GET', '/api/generations')
    expect({ status, code: body.code }).toEqual({ status: 500, code: 'internal' })
    // But for an `<img>`, which gets a picture.
    const image = paths.find(({ template }) => template === '/images/{file}')?.path ?? ''
    expect(summarize(await owner.call('GET', image))).toBe('200 placeholder')
  })
})

describe('while Postgres lets nobody write', () => {
  const setReadOnly = async (value: 'on' | 'off') => {
    const name = sql.id(database.name)
    await sql`alter database ${name} set default_transaction_read_only = ${sql.raw(value)}`.execute(
      app.db,
    )
    proxy.redirect()
    // Connections that have ended since they were last used fail one statement each.
    const read = async () => (await owner.call('GET', '/api/generations')).status
    const isBack = async () =>
      (await Promise.all(Array.from({ length: 10 }, read))).every((status) => status === 200)
    await waitFor(isBack, { what: 'connections of the new kind' })
  }
  beforeAll(async () => {
    await start('postgres')
    await setReadOnly('on')
  })
  afterAll(stop)

  test('what is there is read, what would be new is refused with a placeholder, and it says why', async () => {
    const expected = paths.map(({ template }) => {
      if (OPERATORS_ONLY.includes(template)) return [template, '403']
      // It writes down that this call has come, as no call of a hook counts twice.
      if (template === '/api/hooks/webhooks') return [template, AWAY]
      // There is no such thing beside the image, and nobody is erased.
      if (/\/(surplus\/{digest}|me\/erasure)$/.test(template)) return [template, '404']
      return [template, template === '/images/{file}' ? '200 image' : '200']
    })
    expect(await askAll('owner')).toEqual(expected)
    const body = { prompt: 'during' }
    const refused = await owner.fail('POST', '/api/visualize/generate', { body })
    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'unavailable', isPlaceholder: true },
    })
    expect((await owner.call('GET', '/readyz')).body).toMatchObject({
      status: 'degraded',
      reasons: { database: expect.stringContaining('DATABASE_URL: It takes no writes') },
    })
    // Connections that were refused a write are made anew, and meet the primary that the address leads to by then.
    await setReadOnly('off')
    await waitFor(async () => (await owner.generate(body, { Prefer: 'wait=5' })).status === 200, {
      what: 'the service to be back',
    })
  })

  test('no other request answers 500', async () => {
    await setReadOnly('on')
    const { operations } = createContractCheck(createOpenApiDocument('test', undefined) as never)
    const answers = operations
      .filter(({ method }) => method !== 'get')
      .map(async ({ method, path }) => {
        const filled = path.replace('{id}', `g_${'0'.repeat(40)}`).replace('{deliveryId}', '1')
        const { status } = await operator.call(method.toUpperCase(), filled, {
          body: { expiresInSeconds: 3_600 },
        })
        return [method, path, status]
      })
    expect((await Promise.all(answers)).filter(([, , status]) => status === 500)).toEqual([])
    await setReadOnly('off')
  })
})
