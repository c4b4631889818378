import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Generation } from '../../src/contract/generation.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createHolds } from '../support/held.ts'
import { makePng } from '../support/pictures.ts'
import { expectProblem } from '../support/problems.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let alice: Client
let operator: Client
let holds: ReturnType<typeof createHolds>

beforeAll(async () => {
  app = await startTestApp({ env: { REFUSAL_TTL_MS: '600000', OWNER_MAX_IN_FLIGHT: '2' } })
  alice = await createClient(app)
  operator = await createClient(app, 'olga', true)
  holds = createHolds(app.gemini)
})
afterAll(() => app.stop())
afterEach(async () => {
  holds.release()
  await waitFor(async () => (await countInFlight()) === 0, { what: 'the worker to be idle' })
})

const countInFlight = async () => {
  const inFlight = ['queued', 'running'] as const
  const rows = app.db.selectFrom('generations').select('id').where('status', 'in', inFlight)
  return (await rows.execute()).length
}

const failOnce = async (prompt: string, kind: 'bad_request' | 'prompt_blocked' = 'bad_request') => {
  app.gemini.behave({ kind })
  const { body } = await alice.generateAndWait({ prompt })
  expect(body.status).toBe('failed')
  app.gemini.behave({ kind: 'image' })
  return body
}

const pathOf = ({ id }: Pick<Generation, 'id'>, verb: string) => `/api/generations/${id}/${verb}`

const expectMade = async (client: Client, id: string) => {
  const { body } = await client.get(id, { Prefer: 'wait=20' })
  expect(body).toMatchObject({ status: 'succeeded', isPlaceholder: false })
  return body
}

describe('retrying', () => {
  test('makes a failed generation under the same id', async () => {
    const failed = await failOnce('a bent spoon')
    const { status, headers, body } = await alice.call<Generation>('POST', pathOf(failed, 'retry'))
    expect(status).toBe(202)
    expect(headers.get('location')).toBe(failed.urls.self)
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect(body).toMatchObject({ id: failed.id, status: 'queued', isExisting: false })
    await expectMade(alice, failed.id)
    expect(app.gemini.countCalls('a bent spoon')).toBe(2)
  })

  test('makes a forced one again that was canceled', async () => {
    const held = holds.hold()
    const forced = await alice.generate({ prompt: 'a forced spoon', skipExistingCheck: true })
    await alice.call('POST', pathOf(forced.body, 'cancel'))
    held()
    holds.release()
    expect((await alice.call('POST', pathOf(forced.body, 'retry'))).status).toBe(202)
    await expectMade(alice, forced.body.id)
  })

  test('by an operator leaves it its owner', async () => {
    const failed = await failOnce("alice's spoon")
    const { body } = await operator.call<Generation>('POST', pathOf(failed, 'retry'))
    expect(body).toMatchObject({ id: failed.id, ownerId: 'alice' })
    await expectMade(alice, failed.id)
  })

  test('what has succeeded is refused', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a fine spoon' })
    const answer = await alice.fail('POST', pathOf(body, 'retry'))
    expectProblem(answer, { status: 409, code: 'already_finished' })
  })

  test('what runs is refused', async () => {
    const held = await holds.start(alice, 'a busy spoon')
    const answer = await alice.fail('POST', pathOf(held, 'retry'))
    expectProblem(answer, { status: 409, code: 'in_flight' })
  })

  test('twenty times at once asks for it once', async () => {
    const failed = await failOnce('a popular spoon')
    const held = holds.hold()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => alice.call('POST', pathOf(failed, 'retry'))),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([202, ...Array(19).fill(409)])
    held()
    await expectMade(alice, failed.id)
    expect(app.gemini.countCalls('a popular spoon')).toBe(2)
  })

  test('what the model refused a short while ago is refused', async () => {
    const failed = await failOnce('a rude spoon', 'prompt_blocked')
    const answer = await alice.fail('POST', pathOf(failed, 'retry'))
    expectProblem(answer, { status: 409, code: 'not_retryable' })
    expect(answer.body.detail).toMatch(/refused it/)
  })

  test('what another generation has made since is refused, and told of', async () => {
    const failed = await failOnce('a late spoon')
    const forced = await alice.generateAndWait({ prompt: 'a late spoon', skipExistingCheck: true })
    const answer = await alice.fail('POST', pathOf(failed, 'retry'))
    expectProblem(answer, { status: 409, code: 'already_finished' })
    expect(answer.body.detail).toContain(forced.body.id)
  })

  test('what its condition image was deleted of is refused', async () => {
    const png = await makePng()
    const upload = await alice.call<{ id: string }>('POST', '/api/images', {
      body: new Uint8Array(png),
      headers: { 'content-type': 'image/png' },
    })
    app.gemini.behave({ kind: 'bad_request' })
    const request = { prompt: 'a copied spoon', conditionImage: upload.body.id }
    const { body } = await alice.generateAndWait(request)
    await alice.call('DELETE', `/api/images/${upload.body.id}`)
    const answer = await alice.fail('POST', pathOf(body, 'retry'))
    expectProblem(answer, { status: 409, code: 'condition_image_gone' })
  })

  test('by an owner with as much in flight as allowed is refused', async () => {
    const failed = await failOnce('a third spoon')
    holds.hold()
    await alice.generate({ prompt: 'a first spoon' })
    await alice.generate({ prompt: 'a second spoon' })
    const answer = await alice.fail('POST', pathOf(failed, 'retry'))
    expectProblem(answer, { status: 429, code: 'too_many_queued' })
  })

  test("another owner's is not found", async () => {
    const failed = await failOnce('a hidden spoon')
    const bob = await createClient(app, 'bob')
    for (const verb of ['retry', 'regenerate']) {
      const answer = await bob.fail('POST', pathOf(failed, verb))
      expectProblem(answer, { status: 404, code: 'not_found' })
    }
  })
})

describe('regenerating', () => {
  const request = { prompt: 'a fork', aspectRatio: '16:9', variant: 'dark', lane: 'eager' }

  test('makes another image of the same request', async () => {
    const { body: first } = await alice.generateAndWait(request)
    const { status, body } = await alice.call<Generation>('POST', pathOf(first, 'regenerate'))
    expect(status).toBe(202)
    expect(body.id).not.toBe(first.id)
    const made = await expectMade(alice, body.id)
    expect(made).toMatchObject({ ...request, lane: 'interactive', model: first.model })
    expect(app.gemini.countCalls('a fork')).toBe(2)
    const plain = await alice.generate(request)
    expect(plain.body).toMatchObject({ id: body.id, isExisting: true })
  })

  test('twice with the same Idempotency-Key is one generation', async () => {
    const { body: first } = await alice.generateAndWait({ prompt: 'a knife' })
    const headers = { 'Idempotency-Key': 'another-knife' }
    const again = () => alice.call<Generation>('POST', pathOf(first, 'regenerate'), { headers })
    const { body } = await again()
    await expectMade(alice, body.id)
    const repeated = await again()
    expect(repeated.status).toBe(200)
    expect(repeated.body.id).toBe(body.id)
    expect(app.gemini.countCalls('a knife')).toBe(2)
  })

  test("by an operator is the owner's", async () => {
    const { body: first } = await alice.generateAndWait({ prompt: 'a ladle' })
    const { body } = await operator.call<Generation>('POST', pathOf(first, 'regenerate'))
    expect(body.ownerId).toBe('alice')
    await expectMade(alice, body.id)
  })
})
