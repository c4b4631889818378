import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { Figures } from '../../src/contract/analytics.ts'
import type { Generation } from '../../src/contract/generation.ts'
import { declineSimilar } from '../../src/generation/state/interventions.ts'
import { claimGeneration, completeByReuse } from '../../src/generation/state/transitions.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { insertGeneration } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let alice: Client
let owners = 0

// The model that works offline, as it is in a worker that has no key.
beforeAll(async () => {
  app = await startTestApp({ env: { EMBEDDING_SOURCE: 'local', SIMILARITY_MODE: 'reuse' } })
})

afterAll(() => app.stop())

beforeEach(async () => {
  app.gemini.reset()
  owners += 1
  alice = await createClient(app, `alice-${owners}`)
})

const make = async (prompt: string, fields: object = {}): Promise<Generation> =>
  (await alice.generateAndWait({ prompt, ...fields })).body

const readCheck = (generationId: string) =>
  app.db
    .selectFrom('similarityChecks')
    .selectAll()
    .where('generationId', '=', generationId)
    .executeTakeFirst()

const BICYCLE = 'Studio photo of a red bicycle in front of a white wall'
const SAME_BICYCLE = 'A red bicycle against a white wall, studio photo'

test('the other words for a picture are answered with it, before anything is paid for', async () => {
  const first = await make(BICYCLE)
  const second = await make(SAME_BICYCLE)
  expect(second).toMatchObject({ status: 'succeeded', isExisting: true, prompt: SAME_BICYCLE })
  const { similarity, ...reuse } = second.reuse ?? {}
  expect(reuse).toEqual({
    source: 'similar',
    prompt: BICYCLE,
    generationId: first.id,
    savedUsd: first.costUsd,
  })
  expect(similarity).toBeGreaterThan(0.8)
  expect(second.costUsd).toBe(0)
  expect(app.gemini.countCalls()).toBe(1)
  const [one, other] = await Promise.all([first, second].map(({ imageUrl }) => fetch(imageUrl)))
  expect(await other?.arrayBuffer()).toEqual(await one?.arrayBuffer())
})

test('it counts as reuse in the analytics, with what it saved', async () => {
  const { costUsd } = await make(BICYCLE)
  await make(SAME_BICYCLE)
  const { body } = await alice.call<{ figures: Figures }>('GET', '/api/analytics/summary')
  expect(body.figures).toMatchObject({ total: 2, started: 1, completed: 1, paidCalls: 1 })
  expect(body.figures.skipped).toEqual({ total: 1, exact: 0, joined: 0, similar: 1 })
  expect(body.figures.savedUsd).toBeCloseTo(costUsd ?? 0)
})

test('what it cost to compare is written down with what was found', async () => {
  const first = await make(BICYCLE)
  expect(await readCheck(first.id)).toMatchObject({ mode: 'reuse', isMatch: false, imageId: null })
  const second = await make(SAME_BICYCLE)
  const check = await readCheck(second.id)
  expect(check).toMatchObject({ isMatch: true, imageId: first.id, embeddingCostUsd: 0 })
  expect(check?.similarity).toBe(second.reuse?.similarity)
  expect(check?.durationMs).toBeGreaterThan(0)
})

test.each([
  ['two dogs and one cat', 'one dog and two cats'],
  ['a portrait of a man with a hat', 'a portrait of a man without a hat'],
  ['a cat on the left of a dog', 'a dog on the left of a cat'],
  ['a red car beside a blue house', 'a blue car beside a red house'],
  ['a poster that says "OPEN"', 'a poster that says "CLOSED"'],
])('"%s" and "%s" are two pictures, whichever was first', async (one, other) => {
  for (const [owner, prompts] of Object.entries({ a: [one, other], b: [other, one] })) {
    const client = await createClient(app, `near-${owner}-${owners}`)
    for (const prompt of prompts) {
      const { body } = await client.generateAndWait({ prompt })
      expect(body).toMatchObject({ status: 'succeeded', isExisting: false })
    }
  }
  expect(app.gemini.countCalls()).toBe(4)
})

test('with another variant, ratio, size or condition a picture is never similar', async () => {
  await make(BICYCLE, { variant: 'light' })
  for (const fields of [{}, { variant: 'dark' }, { aspectRatio: '16:9' }, { imageSize: '2K' }]) {
    const { isExisting, similar } = await make(SAME_BICYCLE, fields)
    expect({ isExisting, similar }).toEqual({ isExisting: false, similar: undefined })
  }
  expect((await make(SAME_BICYCLE, { variant: 'light' })).reuse?.source).toBe('similar')
})

test('declined, it is made after all, once, and is the answer from then on', async () => {
  await make(BICYCLE)
  const reused = await make(SAME_BICYCLE)
  const declined = { prompt: SAME_BICYCLE, declineSimilar: true }
  const [one, other] = await Promise.all([
    alice.generateAndWait(declined),
    alice.generateAndWait(declined),
  ])
  expect(one.body.id).not.toBe(reused.id)
  expect(other.body.id).toBe(one.body.id)
  expect(one.body).toMatchObject({ status: 'succeeded', prompt: SAME_BICYCLE })
  expect(app.gemini.countCalls()).toBe(2)
  const key: Record<string, string> = { 'Idempotency-Key': 'mine' }
  for (const [fields, headers] of [[{}], [declined], [declined, key]] as const) {
    const later = await alice.generate({ prompt: SAME_BICYCLE, ...fields }, headers)
    expect(later.body.id).toBe(one.body.id)
    expect(later.body.reuse?.source).toBe('exact')
  }
  expect(app.gemini.countCalls()).toBe(2)
  const before = await alice.get(reused.id)
  expect(before.body.reuse).toMatchObject({ source: 'similar', prompt: BICYCLE })
})

test('declined while it is under way, it does not end with a similar image, whatever was found', async () => {
  const first = await make(BICYCLE)
  // As if handed to the queue a moment ago, so that no sweeper looks after it.
  const row = { ownerId: `alice-${owners}`, enqueuedAt: new Date() }
  const { id } = await insertGeneration(app.db, row)
  const { giveUpMs } = app.config.limits
  const worker = { workerId: 'w', leaseMs: 60_000, accounts: {}, giveUpMs }
  const claim = await claimGeneration(app.db, id, worker)
  if (!claim) throw new Error('it could not be claimed')
  const found = { imageId: first.id, source: 'similar', similarity: 0.9 } as const
  expect(await declineSimilar(app.db, id)).toBeDefined()
  expect(await completeByReuse(app.db, claim, found)).toBeUndefined()
  expect(await completeByReuse(app.db, claim, { imageId: first.id, source: 'exact' })).toBeDefined()
  expect(await declineSimilar(app.db, id)).toBeUndefined()
})

test('declining is a word against the reuse', async () => {
  await make(BICYCLE)
  const reused = await make(SAME_BICYCLE)
  await make(SAME_BICYCLE, { declineSimilar: true })
  await waitFor(async () => (await readCheck(reused.id))?.accepted === false, { what: 'the word' })
})

test('where nothing was similar, declining asks for nothing new', async () => {
  const first = await make(BICYCLE, { declineSimilar: true })
  expect(first).toMatchObject({ isExisting: false, status: 'succeeded' })
  expect((await make(BICYCLE, { declineSimilar: true })).reuse?.source).toBe('exact')
  expect((await make(BICYCLE)).id).toBe(first.id)
  expect(app.gemini.countCalls()).toBe(1)
})

test('suggestions are named while the image is made, with what tells them apart', async () => {
  const fields = { similarity: 'suggest' }
  const near = await make('A red bicycle against a black wall, studio photo', fields)
  const same = await make(BICYCLE, fields)
  app.gemini.behave({ kind: 'hang' })
  const { body } = await alice.generate({ prompt: SAME_BICYCLE, ...fields })
  const running = await waitFor(
    async () => {
      const { body: now } = await alice.get(body.id)
      return now.similar && now
    },
    { what: 'the suggestions' },
  )
  expect(running).toMatchObject({ status: 'running', isExisting: false })
  expect(running.similar).toEqual([
    expect.objectContaining({ generationId: same.id, prompt: BICYCLE, passes: true, reasons: [] }),
    expect.objectContaining({ generationId: near.id, passes: false, reasons: ['colours'] }),
  ])
  await alice.call('POST', `/api/generations/${body.id}/cancel`)
})

test('no more than three are suggested, and none that is deleted', async () => {
  const fields = { similarity: 'suggest' }
  const made: Generation[] = []
  for (const colour of ['black', 'green', 'blue', 'grey']) {
    made.push(await make(`A red bicycle against a ${colour} wall, studio photo`, fields))
  }
  const asked = await make(SAME_BICYCLE, fields)
  expect(asked.similar).toHaveLength(3)
  const [first] = asked.similar ?? []
  await alice.call('DELETE', `/api/images/${first?.generationId}`)
  const { body } = await alice.get(asked.id)
  expect(body.similar?.map(({ generationId }) => generationId)).toEqual(
    asked.similar?.slice(1).map(({ generationId }) => generationId),
  )
  const later = await make('A studio photo of a red bicycle by a white wall', fields)
  const ids = later.similar?.map(({ generationId }) => generationId)
  expect(ids).not.toContain(first?.generationId)
  expect(made.map(({ id }) => id)).toContain(first?.generationId)
})

test('in the shadow nothing is answered or named, and what reuse would have done is known', async () => {
  const first = await make(BICYCLE, { similarity: 'shadow' })
  const second = await make(SAME_BICYCLE, { similarity: 'shadow' })
  expect(second).toMatchObject({ isExisting: false, status: 'succeeded' })
  expect(second).not.toHaveProperty('similar')
  expect(await readCheck(second.id)).toMatchObject({ mode: 'shadow', imageId: first.id })
})

test('off, nothing is compared; forced, neither', async () => {
  await make(BICYCLE)
  const off = await make(SAME_BICYCLE, { similarity: 'off' })
  const forced = await make('In front of a white wall a red bicycle, studio photo', {
    skipExistingCheck: true,
  })
  for (const generation of [off, forced]) {
    expect(generation).toMatchObject({ isExisting: false, status: 'succeeded' })
    expect(await readCheck(generation.id)).toBeUndefined()
  }
})

test('an image that was reused is not passed on as if it were of the second prompt', async () => {
  const first = await make(BICYCLE)
  await make(SAME_BICYCLE)
  await alice.call('DELETE', `/api/images/${first.id}`)
  const third = await make('Studio photo, a red bicycle against a white wall')
  expect(third).toMatchObject({ isExisting: false, status: 'succeeded' })
})

test('a try that is made again is compared again, and leaves one comparison', async () => {
  await make(BICYCLE)
  app.gemini.behave({ kind: 'sequence', steps: [{ kind: 'overloaded' }, { kind: 'image' }] })
  const again = await make(SAME_BICYCLE, { similarity: 'shadow' })
  expect(again).toMatchObject({ status: 'succeeded', attempts: 2 })
  expect(await readCheck(again.id)).toMatchObject({ isMatch: true, embeddingCostUsd: 0 })
})

test('where prompts cannot be compared, images are made all the same', async () => {
  await make(BICYCLE)
  await sql`alter table prompt_embeddings rename to out_of_reach`.execute(app.db)
  try {
    const second = await make(SAME_BICYCLE)
    expect(second).toMatchObject({ status: 'succeeded', isExisting: false, attempts: 1 })
    expect(await readCheck(second.id)).toBeUndefined()
  } finally {
    await sql`alter table out_of_reach rename to prompt_embeddings`.execute(app.db)
  }
})

test('a wrong mode is refused by name', async () => {
  const { status, body } = await alice.generate({ prompt: BICYCLE, similarity: 'sometimes' })
  expect(status).toBe(400)
  expect(body).toMatchObject({ errors: [{ pointer: '/similarity' }] })
})
