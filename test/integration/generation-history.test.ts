import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import { createFilesystemStore } from '../../src/adapters/storage/filesystem.ts'
import {
  type GenerationHistory,
  generationHistorySchema,
} from '../../src/contract/generation-history.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { usageMetadata } from '../support/gemini-answers.ts'
import { makePng } from '../support/pictures.ts'
import { expectProblem } from '../support/problems.ts'
import { insertGeneration } from '../support/rows.ts'

let app: TestApp
let alice: Client

beforeAll(async () => {
  app = await startTestApp()
  alice = await createClient(app)
})
afterAll(() => app.stop())
afterEach(() => app.gemini.behave({ kind: 'image' }))

const readHistory = async (id: string, client = alice): Promise<GenerationHistory> => {
  const { status, body } = await client.call('GET', `/api/generations/${id}/history`)
  expect(status).toBe(200)
  return generationHistorySchema.strict().parse(body)
}

const stepsOf = ({ attempts }: GenerationHistory) => attempts.at(-1)?.steps ?? []

test('tells what happened to an image that was made, and how long each step took', async () => {
  const PROVIDER_MS = 300
  app.gemini.behave({ kind: 'delay', ms: PROVIDER_MS })
  const { body } = await alice.generateAndWait({ prompt: 'a slow lamp' })
  const history = await readHistory(body.id)
  expect(history.events.map(({ sequence, type }) => [sequence, type])).toEqual([
    [1, 'generation.queued'],
    [2, 'generation.running'],
    [3, 'generation.succeeded'],
  ])
  expect(history.attempts).toHaveLength(1)
  expect(history.attempts[0]).toMatchObject({
    provider: 'gemini',
    outcome: 'image',
    mayHaveCharged: true,
    costUsd: body.costUsd,
    costBasis: 'measured',
    priceVersion: builtInPrices.version,
    responseId: 'stand-in',
    usage: usageMetadata,
  })
  const steps = stepsOf(history)
  expect(steps.map(({ step }) => step)).toEqual([
    'claimed',
    'probed',
    'intent_recorded',
    'answered',
    'spooled',
    'outcome_recorded',
    'inspected',
    'stored',
    'committed',
  ])
  const answered = steps.find(({ step }) => step === 'answered')
  expect(answered?.durationMs).toBeGreaterThanOrEqual(PROVIDER_MS - 10)
  const times = steps.map(({ at }) => at)
  const wholeMs = Date.parse(times.at(-1) ?? '') - Date.parse(times[0] ?? '')
  expect(answered?.durationMs).toBeLessThanOrEqual(wholeMs)
  expect(times).toEqual([...times].sort())
  expect(times.at(-1)).toBe(body.finishedAt)
})

test('tells why an image had to be tried for twice', async () => {
  app.gemini.behave({ kind: 'sequence', steps: [{ kind: 'overloaded' }, { kind: 'image' }] })
  const { body } = await alice.generateAndWait({ prompt: 'a lamp in demand' })
  const { events, attempts } = await readHistory(body.id)
  expect(events.map(({ type, errorCode }) => [type, errorCode])).toEqual([
    ['generation.queued', undefined],
    ['generation.running', undefined],
    ['generation.retrying', 'overloaded'],
    ['generation.running', 'overloaded'],
    ['generation.succeeded', undefined],
  ])
  expect(attempts.map(({ outcome, mayHaveCharged }) => [outcome, mayHaveCharged])).toEqual([
    ['overloaded', false],
    ['image', true],
  ])
  expect(attempts[0]?.steps.map(({ step }) => step)).toEqual([
    'claimed',
    'probed',
    'intent_recorded',
  ])
})

test('tells that the image of a dead worker was adopted', async () => {
  const { id, objectKey } = await insertGeneration(app.db, {
    prompt: 'an orphaned lamp',
    provider: 'gemini',
    model: 'gemini-nano-banana-2.1',
    status: 'running',
    eventSequence: 1,
    leaseExpiresAt: new Date(Date.now() + 60_000),
  })
  const attempt = { generationId: id, fence: 1, workerId: 'dead', model: 'gemini-nano-banana-2.1' }
  await app.db
    .insertInto('attempts')
    .values({ ...attempt, provider: 'gemini' })
    .execute()
  const store = createFilesystemStore({ directory: join(app.dataDir, 'images') })
  await store.put(objectKey, { bytes: await makePng(), mimeType: 'image/png' })
  const dead = { leaseExpiresAt: new Date(0) }
  await app.db.updateTable('generations').set(dead).where('id', '=', id).execute()
  const { body } = await alice.get(id, { Prefer: 'wait=20' })
  expect(body.status).toBe('succeeded')
  const history = await readHistory(id)
  expect(history.attempts).toMatchObject([{ workerId: 'dead', outcome: 'image' }])
  expect(stepsOf(history).map(({ step }) => step)).toEqual([
    'claimed',
    'probed',
    'adopted',
    'inspected',
    'stored',
    'committed',
  ])
})

test('of another owner is not found, and an operator may read it', async () => {
  const { body } = await alice.generateAndWait({ prompt: 'a private lamp' })
  const bob = await createClient(app, 'bob')
  const answer = await bob.fail('GET', `/api/generations/${body.id}/history`)
  expectProblem(answer, { status: 404, code: 'not_found' })
  const operator = await createClient(app, 'olga', true)
  expect((await readHistory(body.id, operator)).events).toHaveLength(3)
})
