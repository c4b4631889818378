import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Validator } from '@seriousme/openapi-schema-validator'
import pg from 'pg'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Answer, type Client, createClient } from '../support/client.ts'
import { fillTables } from '../support/fill-tables.ts'
import { findFullReads, GROWING_TABLES, isAllowed } from '../support/full-reads.ts'
import { newHookSecret, signHook } from '../support/hooks.ts'
import { createContractCheck, listRoutes } from '../support/openapi.ts'
import { makePng } from '../support/pictures.ts'
import { insertCheck, insertSuccess } from '../support/rows.ts'
import { runMaintenance } from '../support/run-maintenance.ts'
import { seeStatements } from '../support/seen-statements.ts'

const SECRET = newHookSecret()
const UNKNOWN = `g_${'0'.repeat(40)}`
const SIGNED_OUT = { authorization: '' }

type Call = [method: string, path: string, options?: Parameters<Client['call']>[2]]

let app: TestApp
let alice: Client
let admin: Client
let contract: ReturnType<typeof createContractCheck>
const walked = new Map<string, Set<number>>()
const statements = seeStatements()

beforeAll(async () => {
  app = await startTestApp({ env: { HOOK_SECRETS: `cms:${SECRET}` } })
  alice = await createClient(app)
  admin = await createClient(app, 'ops', true)
  const response = await fetch(`${app.url}/openapi.json`)
  contract = createContractCheck((await response.json()) as never)
})
afterAll(async () => {
  statements.stop()
  await app.stop()
})

/** Makes the call and holds its answer against the document. */
const walk = async <T>(id: string, status: number, client: Client, ...call: Call) => {
  const answer: Answer<T> = await client.call<T>(...call)
  expect({ id, problems: contract.check(id, answer), status: answer.status }).toEqual({
    id,
    problems: [],
    status,
  })
  walked.set(id, (walked.get(id) ?? new Set()).add(answer.status))
  return answer
}

type Link = { url: string }
type Made = { id: string; imageUrl: string; nextCursor: string }

const generate = '/api/visualize/generate'
const wait = { Prefer: 'wait=20' }

describe('the document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const response = await fetch(`${app.url}/openapi.json`)
    const { valid, errors } = await new Validator().validate((await response.json()) as never)
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined })
  })

  test('is not sent to who has it', async () => {
    const whole = await fetch(`${app.url}/openapi.json`)
    await whole.text()
    const headers = { 'if-none-match': whole.headers.get('etag') ?? '' }
    expect((await fetch(`${app.url}/openapi.json`, { headers })).status).toBe(304)
  })

  test('has every route of the server, and no other', () => {
    const documented = contract.operations.map(({ method, path }) => `${method} ${path}`)
    const besides = ['get /openapi.json', 'get /metrics']
    // One may have two ways in: with a token, and by a signed address.
    const routes = [...new Set(listRoutes(app.routes))].filter((route) => !besides.includes(route))
    expect(documented.sort()).toEqual(routes.sort())
  })
})

describe('the server answers as the document says, when it', () => {
  test('is asked for images', async () => {
    const body = { prompt: 'documented' }
    await walk('submitGeneration', 202, alice, 'POST', generate, { body: { prompt: 'later' } })
    const { body: made } = await walk<Made>('submitGeneration', 200, alice, 'POST', generate, {
      body,
      headers: wait,
    })
    await walk('submitGeneration', 200, alice, 'POST', generate, { body })
    await walk('submitGeneration', 400, alice, 'POST', generate, { body: { prompt: '' } })
    await walk('submitGeneration', 401, alice, 'POST', generate, { body, headers: SIGNED_OUT })
    await walk('submitGeneration', 415, alice, 'POST', generate, { body: 'text' })
    await walk('makeImage', 200, alice, 'POST', '/api/visualize/image', { body })
    const explain = '/api/visualize/explain'
    await walk('explainRequest', 200, alice, 'POST', explain, { body })
    await walk('explainRequest', 200, alice, 'POST', explain, { body: { prompt: 'x', model: 'y' } })
    await walk('explainRequest', 400, alice, 'POST', explain, { body: { prompt: '' } })

    await walk('listGenerations', 200, alice, 'GET', '/api/generations?limit=1')
    await walk(
      'listGenerations',
      200,
      admin,
      'GET',
      '/api/generations?owner=*&status=queued,succeeded',
    )
    await walk('listGenerations', 400, alice, 'GET', '/api/generations?limit=0')
    const self = `/api/generations/${made.id}`
    const { headers } = await walk('getGeneration', 200, alice, 'GET', self)
    const etag = { 'If-None-Match': headers.get('etag') ?? '' }
    await walk('getGeneration', 304, alice, 'GET', self, { headers: etag })
    await walk('getGeneration', 404, alice, 'GET', `/api/generations/${UNKNOWN}`)
    await walk('followGeneration', 200, alice, 'GET', `${self}/events`)
    await walk('followGeneration', 404, alice, 'GET', `/api/generations/${UNKNOWN}/events`)
    await walk('cancelGeneration', 409, alice, 'POST', `${self}/cancel`)
    await walk('getHistory', 200, alice, 'GET', `${self}/history`)
    await walk('retryGeneration', 409, alice, 'POST', `${self}/retry`)
    await walk('regenerate', 202, alice, 'POST', `${self}/regenerate`)
    await walk('showImage', 200, alice, 'GET', made.imageUrl)
    await walk('showImage', 200, alice, 'GET', `${made.imageUrl}&w=320`)
    const url = `/api/images/${made.id}/url`
    const { body: ending } = await walk<Made>('limitImageUrl', 200, alice, 'POST', url, {
      body: { expiresInSeconds: 60 },
    })
    await walk('showImage', 200, alice, 'GET', ending.imageUrl)
    const receipt = `/api/images/${made.id}/receipt`
    await walk('getReceipt', 200, alice, 'GET', `${receipt}?limit=1`)
    await walk('getReceipt', 404, alice, 'GET', `/api/images/${UNKNOWN}/receipt`)
    await walk('listAnswers', 200, alice, 'GET', `${self}/answers`)
    await walk('listAnswers', 400, alice, 'GET', `${self}/answers?cursor=none`)
    const { body: link } = await walk<Link>('shareReceipt', 200, alice, 'POST', `${receipt}/link`, {
      body: { expiresInSeconds: 60 },
    })
    await walk('shareReceipt', 400, alice, 'POST', `${receipt}/link`, { body: {} })
    const shared = `/api${new URL(link.url).pathname}${new URL(link.url).search}`
    await walk('getSharedReceipt', 200, alice, 'GET', shared, { headers: SIGNED_OUT })
    await walk('getSharedReceipt', 404, alice, 'GET', `/api/receipts/${made.id}?exp=1&signature=x`)
    await walk('listGenerations', 200, alice, 'GET', '/api/generations?source=exact')
    for (const sort of ['newest', 'oldest', 'dearest']) {
      const query = `q=documented&sort=${sort}&count=true&minCostUsd=0`
      await walk('listGenerations', 200, alice, 'GET', `/api/generations?${query}`)
      await walk('listGenerations', 200, admin, 'GET', `/api/generations?owner=*&sort=${sort}`)
      await walk('listImages', 200, alice, 'GET', `/api/images?${query}&source=exact`)
    }
    await walk('listGenerations', 400, alice, 'GET', '/api/generations?sort=none')
    await walk('listImages', 403, alice, 'GET', '/api/images?owner=bob')
    await walk('find', 200, alice, 'GET', '/api/find?q=docu')
    await walk('find', 200, admin, 'GET', `/api/find?q=${made.id.slice(0, 10)}`)
    await walk('find', 400, alice, 'GET', '/api/find?q=')
    await walk('limitImageUrl', 400, alice, 'POST', url, { body: { expiresInSeconds: 0 } })
    await walk('limitImageUrl', 404, alice, 'POST', `/api/images/${UNKNOWN}/url`, {
      body: { expiresInSeconds: 60 },
    })
    await walk('showImage', 404, alice, 'GET', `/images/${UNKNOWN}.none`)
    await walk('deleteImage', 204, alice, 'DELETE', `/api/images/${made.id}`)
    await walk('deleteImage', 404, alice, 'DELETE', '/api/images/none')
  })

  test('is asked by the API of another provider', async () => {
    const call = '/gemini/v1beta/models/gemini-nano-banana-2.1:generateContent'
    const body = { contents: [{ parts: [{ text: 'by another API' }] }] }
    await walk('callGemini', 200, alice, 'POST', call, { body })
    await walk('callGemini', 401, alice, 'POST', call, { body, headers: SIGNED_OUT })
    await walk('callGemini', 400, alice, 'POST', call, { body: {} })
    const openai = '/openai/v1'
    const words = { prompt: 'by another API', model: 'dall-e-3' }
    const generations = `${openai}/images/generations`
    await walk('generateByOpenai', 200, alice, 'POST', generations, { body: words })
    await walk('generateByOpenai', 400, alice, 'POST', generations, { body: { ...words, n: 0 } })
    const edit = { ...words, image: (await makePng()).toString('base64') }
    await walk('editByOpenai', 200, alice, 'POST', `${openai}/images/edits`, { body: edit })
    await walk('editByOpenai', 400, alice, 'POST', `${openai}/images/edits`, { body: words })
    await walk('listOpenaiModels', 200, alice, 'GET', `${openai}/models`)
    await walk('getOpenaiModel', 200, alice, 'GET', `${openai}/models/gemini-nano-banana-2.1`)
    await walk('getOpenaiModel', 404, alice, 'GET', `${openai}/models/none`)
    await walk('listGeminiModels', 200, alice, 'GET', '/gemini/v1beta/models')
    const model = '/gemini/v1beta/models/gemini-nano-banana-2.1'
    await walk('getGeminiModel', 200, alice, 'GET', model)
  })

  test('is asked by fal’s API', async () => {
    const body = { prompt: 'by fal’s API' }
    const { body: ran } = await walk<object>('runFal', 200, alice, 'POST', '/fal/run/o/a', { body })
    expect(ran).toHaveProperty('images')
    type Submitted = { request_id: string }
    const submit = (status: number, options: Call[2]) =>
      walk<Submitted>('submitFal', status, alice, 'POST', '/fal/o/a', options)
    const { body: submitted } = await submit(200, { body })
    await submit(422, { body: {} })
    await submit(401, { body, headers: SIGNED_OUT })
    const at = `/fal/o/a/requests/${submitted.request_id}`
    await walk('getFalResult', 200, alice, 'GET', at)
    await walk('getFalResult', 404, alice, 'GET', `/fal/o/a/requests/${UNKNOWN}`)
    await walk('getFalStatus', 200, alice, 'GET', `${at}/status`)
    await walk('followFal', 200, alice, 'GET', `${at}/status/stream`)
    await walk('cancelFal', 400, alice, 'PUT', `${at}/cancel`)
    app.gemini.behave({ kind: 'hang' })
    const { body: waiting } = await submit(200, { body: { prompt: 'by fal’s API, in vain' } })
    const cancel = `/fal/o/a/requests/${waiting.request_id}/cancel`
    await walk('cancelFal', 202, alice, 'PUT', cancel)
    app.gemini.behave({ kind: 'image' })
    await walk('getFalKeys', 200, alice, 'GET', '/fal/.well-known/jwks.json', {
      headers: SIGNED_OUT,
    })
  })

  test('cancels and retries', async () => {
    app.gemini.behave({ kind: 'hang' })
    const body = { prompt: 'to be canceled', lane: 'eager' }
    const { body: asked } = await alice.generate(body)
    await walk('cancelGeneration', 200, alice, 'POST', `/api/generations/${asked.id}/cancel`)
    app.gemini.reset()
    await walk('retryGeneration', 202, alice, 'POST', `/api/generations/${asked.id}/retry`)
    await alice.get(asked.id, wait)
    const bulk = '/api/generations/bulk'
    await walk('changeGenerations', 200, alice, 'POST', bulk, {
      body: { action: 'retry', filter: {}, dryRun: true },
    })
    await walk('changeGenerations', 400, alice, 'POST', bulk, { body: { action: 'none' } })
  })

  test('is asked for a refused prompt', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const headers = wait
    await walk('submitGeneration', 200, alice, 'POST', generate, {
      body: { prompt: 'no' },
      headers,
    })
    app.gemini.reset()
  })

  test('is asked for what came besides an image', async () => {
    app.gemini.behave({ kind: 'not_an_image' })
    const { body } = await alice.generateAndWait({ prompt: 'text' })
    app.gemini.reset()
    const self = `/api/generations/${body.id}`
    type History = { surplus: { url: string }[] }
    const { body: history } = await walk<History>(
      'getHistory',
      200,
      alice,
      'GET',
      `${self}/history`,
    )
    await walk('getSurplus', 200, alice, 'GET', history.surplus[0]?.url ?? '')
    await walk('getSurplus', 404, alice, 'GET', `${self}/surplus/none`)
  })

  test('keeps images', async () => {
    const headers = { 'content-type': 'image/png' }
    await walk('uploadImage', 201, alice, 'POST', '/api/images', { body: await makePng(), headers })
    await walk('uploadImage', 415, alice, 'POST', '/api/images', { body: { no: 'image' } })
    await walk('listImages', 200, alice, 'GET', '/api/images')
    const ofNone = `/api/images?conditionImage=${'0'.repeat(64)}&variant=dark`
    await walk('listImages', 200, alice, 'GET', ofNone)
    await walk('listImages', 400, alice, 'GET', '/api/images?type=none')
  })

  test('keeps items', async () => {
    const body = { title: 'Monday', prompt: 'documented item', data: { a: 1 } }
    const items = '/api/saved-items'
    const { body: item } = await walk<Made>('saveItem', 201, alice, 'POST', items, { body })
    await walk('saveItem', 200, alice, 'POST', items, { body: { id: item.id, ...body } })
    await walk('saveItem', 400, alice, 'POST', items, { body: { title: 1 } })
    await walk('listItems', 200, alice, 'GET', items)
    await walk('getItem', 200, alice, 'GET', `${items}/${item.id}`)
    await walk('getItem', 404, alice, 'GET', `${items}/none`)
    await walk('changeItem', 200, alice, 'PATCH', `${items}/${item.id}`, {
      body: { title: 'Tuesday' },
    })
    await walk('removeItem', 204, alice, 'DELETE', `${items}/${item.id}`)
  })

  test('is told by hooks and browsers', async () => {
    const text = JSON.stringify({ ownerId: 'alice', itemId: 'hooked', prompt: 'hooked' })
    const headers = { ...SIGNED_OUT, ...signHook(text, { secret: SECRET }) }
    await walk('saveByHook', 202, alice, 'POST', '/api/hooks/save', { body: text, headers })
    await walk('saveByHook', 409, alice, 'POST', '/api/hooks/save', { body: text, headers })
    await walk('saveByHook', 401, alice, 'POST', '/api/hooks/save', { body: {} })
    const event = { id: 'one', type: 'generation_skipped', at: new Date().toISOString() }
    const batch = { body: { events: [event] } }
    await walk('reportEvents', 202, alice, 'POST', '/api/telemetry', batch)
    await walk('reportEvents', 400, alice, 'POST', '/api/telemetry', { body: { events: [] } })
  })

  test('tells endpoints', async () => {
    const hooks = '/api/webhooks'
    const body = { url: 'https://app.example/told' }
    const made = await walk<Made>('registerWebhook', 201, alice, 'POST', hooks, { body })
    const self = `${hooks}/${made.body.id}`
    await walk('registerWebhook', 400, alice, 'POST', hooks, { body: { url: 'http://[::1]' } })
    await walk('listWebhooks', 200, admin, 'GET', `${hooks}?owner=*`)
    await walk('listWebhooks', 403, alice, 'GET', `${hooks}?owner=*`)
    await walk('getWebhook', 200, alice, 'GET', self)
    await walk('getWebhook', 404, alice, 'GET', `${hooks}/none`)
    await walk('changeWebhook', 200, alice, 'PATCH', self, { body: { description: 'mine' } })
    await walk('rotateWebhookSecret', 200, alice, 'POST', `${self}/rotate-secret`)
    const { body: sent } = await walk<Made>('testWebhook', 202, alice, 'POST', `${self}/test`)
    const delivery = `${self}/deliveries/${sent.id}`
    await walk('listWebhookDeliveries', 200, alice, 'GET', `${self}/deliveries?status=pending`)
    await walk('listWebhookDeliveries', 400, alice, 'GET', `${self}/deliveries?status=lost`)
    await walk('getWebhookDelivery', 200, alice, 'GET', delivery)
    await walk('redeliverWebhook', 202, alice, 'POST', `${delivery}/redeliver`)
    await walk('changeWebhook', 200, alice, 'PATCH', self, { body: { isEnabled: false } })
    await walk('testWebhook', 409, alice, 'POST', `${self}/test`)
    await walk('removeWebhook', 204, alice, 'DELETE', self)

    const ofSource = '/api/hooks/webhooks'
    const sign = (text: string) => ({
      body: text || undefined,
      headers: { ...SIGNED_OUT, ...signHook(text, { secret: SECRET }) },
    })
    const registration = sign(JSON.stringify(body))
    const { body: theirs } = await walk<Made>(
      'registerSourceWebhook',
      201,
      alice,
      'POST',
      ofSource,
      registration,
    )
    await walk('registerSourceWebhook', 409, alice, 'POST', ofSource, registration)
    await walk('listSourceWebhooks', 200, alice, 'GET', ofSource, sign(''))
    await walk('listSourceWebhooks', 401, alice, 'GET', ofSource)
    const removal = sign(JSON.stringify({ id: theirs.id }))
    await walk('removeSourceWebhook', 204, alice, 'DELETE', ofSource, removal)
  })

  test('counts', async () => {
    for (const [id, path] of [
      ['summarize', 'summary'],
      ['listDays', 'timeseries?days=2'],
    ] as const) {
      await walk(id, 200, alice, 'GET', `/api/analytics/${path}`)
    }
    await walk('summarize', 400, alice, 'GET', '/api/analytics/summary?days=0')
    await walk('listOwners', 200, admin, 'GET', '/api/analytics/owners')
    await walk('listOwners', 200, admin, 'GET', '/api/analytics/owners?format=csv')
    await walk('listOwners', 403, alice, 'GET', '/api/analytics/owners')
    await walk('downloadOwners', 200, admin, 'GET', '/api/analytics/owners.csv')
  })

  test('is told of similar images', async () => {
    const [match, found] = [await insertSuccess(app.db), await insertSuccess(app.db)]
    await insertCheck(app.db, { generationId: found.id, imageId: match.id })
    const feedback = (id: string) => `/api/generations/${id}/feedback`
    const body = { accepted: true }
    await walk('judgeSimilarImage', 200, alice, 'POST', feedback(found.id), { body })
    await walk('judgeSimilarImage', 200, admin, 'POST', feedback(found.id), { body })
    await walk('judgeSimilarImage', 409, alice, 'POST', feedback(match.id), { body })
    await walk('judgeSimilarImage', 404, alice, 'POST', feedback(UNKNOWN), { body })
    await walk('judgeSimilarImage', 400, alice, 'POST', feedback(found.id), { body: {} })
    await walk('judgeSimilarImage', 415, alice, 'POST', feedback(found.id), { body: 'yes' })

    const similarity = '/api/similarity'
    const choice = { body: { mode: 'shadow' } }
    await walk('describeSimilarity', 200, alice, 'GET', similarity)
    await walk('describeSimilarity', 200, admin, 'GET', `${similarity}?owner=*`)
    await walk('describeSimilarity', 403, alice, 'GET', `${similarity}?owner=*`)
    await walk('chooseSimilarityMode', 200, alice, 'PUT', similarity, choice)
    await walk('chooseSimilarityMode', 400, admin, 'PUT', `${similarity}?owner=*`, choice)
    await walk('chooseSimilarityMode', 404, admin, 'PUT', `${similarity}?owner=nobody`, choice)
    await walk('listSimilarityChecks', 200, alice, 'GET', `${similarity}/checks`)
    await walk('listSimilarityChecks', 200, admin, 'GET', `${similarity}/checks?owner=*&limit=1`)
    await walk('listSimilarityChecks', 400, alice, 'GET', `${similarity}/checks?verdict=maybe`)
  })

  test('keeps keys', async () => {
    const body = { name: 'documented', ownerId: 'alice' }
    const { body: key } = await walk<Made>('createKey', 201, admin, 'POST', '/api/keys', { body })
    await walk('createKey', 400, admin, 'POST', '/api/keys', { body: { name: 'of nobody' } })
    await walk('createKey', 403, alice, 'POST', '/api/keys', { body })
    await walk('listKeys', 200, admin, 'GET', '/api/keys?limit=1')
    await walk('revokeKey', 200, admin, 'DELETE', `/api/keys/${key.id}`)
    await walk('revokeKey', 404, admin, 'DELETE', '/api/keys/none')
  })

  test('is asked to erase an owner, or to hand over what it has', async () => {
    const carol = await createClient(app, 'carol')
    await walk('submitGeneration', 202, carol, 'POST', generate, { body: { prompt: 'of Carol' } })
    await walk('exportMe', 200, carol, 'GET', '/api/me/export')
    await walk('exportMe', 401, carol, 'GET', '/api/me/export', { headers: SIGNED_OUT })
    await walk('exportOwner', 200, admin, 'GET', '/api/owners/carol/export')
    await walk('exportOwner', 403, carol, 'GET', '/api/owners/alice/export')
    await walk('getMyErasure', 404, carol, 'GET', '/api/me/erasure')
    await walk('eraseOwner', 403, carol, 'DELETE', '/api/owners/alice')
    await walk('eraseMe', 202, carol, 'DELETE', '/api/me')
    await walk('getMyErasure', 200, carol, 'GET', '/api/me/erasure')
    await walk('eraseOwner', 202, admin, 'DELETE', '/api/owners/carol')
    await walk('getErasure', 200, admin, 'GET', '/api/owners/carol/erasure')
    await walk('getErasure', 404, admin, 'GET', '/api/owners/nobody/erasure')
  })

  test('tells of itself', async () => {
    await walk('getInfo', 200, alice, 'GET', '/api/info')
    await walk('getStatus', 200, admin, 'GET', '/api/status')
    await walk('getStatus', 403, alice, 'GET', '/api/status')
    await walk('listAlerts', 200, admin, 'GET', '/api/alerts')
    await walk('listAlerts', 403, alice, 'GET', '/api/alerts')
    await walk('listAlertEvents', 200, admin, 'GET', '/api/alerts/history')
    await walk('listAlertEvents', 400, admin, 'GET', '/api/alerts/history?limit=0')
    const budget = '/api/budgets/owner%3Anobody'
    await walk('readSpending', 200, alice, 'GET', '/api/spending')
    await walk('readSpending', 200, admin, 'GET', '/api/spending')
    await walk('readSpending', 403, alice, 'GET', '/api/spending?owner=bob')
    await walk('pauseSpending', 200, admin, 'POST', '/api/spending/pause')
    await walk('pauseSpending', 403, alice, 'POST', '/api/spending/pause')
    await walk('resumeSpending', 200, admin, 'POST', '/api/spending/resume')
    await walk('setBudget', 204, admin, 'PUT', budget, { body: { dailyUsd: 1 } })
    await walk('setBudget', 400, admin, 'PUT', budget, { body: {} })
    await walk('setBudget', 415, admin, 'PUT', budget, { body: 'text' })
    await walk('listBudgets', 200, admin, 'GET', '/api/budgets')
    await walk('removeBudget', 204, admin, 'DELETE', budget)
    await walk('removeBudget', 404, admin, 'DELETE', budget)
    const dueAt = new Date(Date.now() + 3_600_000)
    const batch = { id: 'b_walked', provider: 'gemini' as const, account: 'a', model: 'm', dueAt }
    await app.db.insertInto('batches').values(batch).execute()
    await walk('listBatches', 200, admin, 'GET', '/api/batches')
    await walk('listBatches', 400, admin, 'GET', '/api/batches?limit=0')
    await walk('listBatches', 403, alice, 'GET', '/api/batches')
    await walk('cancelBatch', 200, admin, 'POST', '/api/batches/b_walked/cancel')
    await walk('cancelBatch', 404, admin, 'POST', '/api/batches/none/cancel')
    await walk('getSettings', 200, admin, 'GET', '/api/settings')
    await walk('endSessions', 204, admin, 'POST', '/api/sessions/end', { body: { ownerId: 'bob' } })
    await walk('endSessions', 403, alice, 'POST', '/api/sessions/end', { body: { ownerId: 'bob' } })
    await walk('endMySessions', 204, alice, 'DELETE', '/api/me/sessions')
    await walk('isAlive', 200, alice, 'GET', '/livez')
    await walk('isReady', 200, alice, 'GET', '/readyz')
    const token = await app.token()
    await walk('signIn', 201, alice, 'POST', '/api/session', { body: { token } })
    await walk('signIn', 401, alice, 'POST', '/api/session', { body: { token: 'none' } })
    await walk('getSession', 200, alice, 'GET', '/api/session')
    await walk('signOut', 204, alice, 'DELETE', '/api/session')
  })
})

test('every operation was walked to its good end', () => {
  const missing = contract.operations.filter(({ operation }) => {
    const statuses = [...(walked.get(operation.operationId) ?? [])]
    return !statuses.some((status) => status < 300)
  })
  expect(missing.map(({ operation }) => operation.operationId)).toEqual([])
})

const FILLED = 2_000
/** Fewer would mean that they are not seen any more. */
const MIN_STATEMENTS = 200

/** What must be found, or nothing would be. */
const canaries = [
  `select count(*) from generations where prompt = 'none'`,
  'select id from generations order by id',
  `select id from attempts where id = 1 or worker_id = 'none'`,
].map((text) => ({ text, values: [] }))

test('nothing that the server asks of Postgres reads a table from end to end that grows', async () => {
  await runMaintenance(app)
  const seen = statements.list()
  const client = new pg.Client({ connectionString: app.config.database.url })
  await client.connect()
  try {
    await fillTables(client, FILLED)
    const found = await findFullReads(client, [...seen, ...canaries], GROWING_TABLES)
    expect(found.filter((read) => !isAllowed(read))).toEqual(
      canaries.map(({ text }) => expect.objectContaining({ text })),
    )
    expect(seen.length).toBeGreaterThan(MIN_STATEMENTS)
  } finally {
    await client.end()
  }
})
