import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { SavedItem } from '../../src/contract/saved-item.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { createHolds } from '../support/held.ts'
import { newHookSecret, sendHook } from '../support/hooks.ts'
import { waitFor } from '../support/wait-for.ts'

const SECRET = newHookSecret()
const ITEMS = 10
const EDITS = 30
const BURST = 60
const TRIES = 20

describeEachBackend('a burst of save hooks', (backend) => {
  let app: TestApp
  let alice: Client
  let bob: Client

  beforeAll(async () => {
    app = await startTestApp({
      backend,
      env: {
        HOOK_SECRETS: `cms:${SECRET}`,
        // Edits pause when the test says so, however long they take.
        HOOK_DEBOUNCE_MS: '600000',
        HOOK_MAX_DELAY_MS: '3600000',
        WORKER_CONCURRENCY: '1',
        SWEEP_INTERVAL_MS: '100',
      },
    })
    alice = await createClient(app)
    bob = await createClient(app, 'bob')
  })
  afterAll(() => app.stop())

  /** As senders of webhooks do: what could not be taken at the moment is sent again, under its id. */
  const save = async (itemId: string, prompt: string): Promise<void> => {
    const signing = { secret: SECRET, webhookId: crypto.randomUUID() }
    const body = { ownerId: 'alice', itemId, prompt }
    let answer = await sendHook(app, body, signing)
    for (let tries = 1; answer.status === 503 && tries < TRIES; tries++) {
      answer = await sendHook(app, body, signing)
    }
    // Taken the first time, and the answer lost to a store that was slow.
    if (answer.body.code !== 'hook_replayed') expect(answer).toMatchObject({ status: 202 })
  }

  const editOften = async (itemId: string): Promise<void> => {
    for (let i = 1; i <= EDITS; i++) await save(itemId, `${itemId} in edit ${i}`)
  }

  test(`of ${EDITS} edits of each of ${ITEMS} items buys ${ITEMS} images, each of the last edit`, async () => {
    const ids = Array.from({ length: ITEMS }, (_, i) => `item-${i}`)
    await Promise.all(ids.map(editOften))
    await letEditsPause(app)
    for (const id of ids) {
      const item = await waitFor(
        async () => {
          const { body } = await alice.call<SavedItem>('GET', `/api/saved-items/${id}`)
          return body.status === 'succeeded' && body
        },
        { what: `the image of ${id}` },
      )
      const { body } = await alice.get(item.generationId ?? '')
      expect(body).toMatchObject({ prompt: `${id} in edit ${EDITS}`, lane: 'eager' })
      expect(item).toMatchObject({ isPlaceholder: false, imageUrl: body.imageUrl })
    }
    const bought = app.gemini.calls.map(({ prompt }) => prompt).sort()
    expect(bought).toEqual(ids.map((id) => `${id} in edit ${EDITS}`).sort())
  })

  test('lets people pass: one that a person asks for, and a new one, come before all the others', async () => {
    const holds = createHolds(app.gemini)
    const held = await holds.start(alice, 'what keeps the worker busy')
    const saves = Array.from({ length: BURST }, (_, i) => save(`burst-${i}`, `burst ${i} of many`))
    await Promise.all(saves)
    await letEditsPause(app)
    await waitFor(async () => (await countQueued(app)) === BURST, {
      what: 'the burst to be queued',
    })
    const before = app.gemini.calls.length
    const wanted = await alice.generate({ prompt: 'burst 30 of many' })
    expect(wanted.body).toMatchObject({ status: 'queued', lane: 'interactive', isExisting: true })
    const fresh = await bob.generate({ prompt: 'a picture of his own' })
    held.open()
    for (const { body } of [wanted, fresh]) {
      const client = body === fresh.body ? bob : alice
      expect((await client.get(body.id, { Prefer: 'wait=60' })).body.status).toBe('succeeded')
    }
    const next = app.gemini.calls.slice(before, before + 2).map(({ prompt }) => prompt)
    expect(next.sort()).toEqual(['a picture of his own', 'burst 30 of many'])
    holds.release()
  })
})

/** As if the debounce had passed. */
const letEditsPause = ({ db }: TestApp) =>
  sql`update saved_items set ask_after = now() where ask_after is not null`.execute(db)

const countQueued = async ({ db }: TestApp): Promise<number> => {
  const { count } = await db
    .selectFrom('generations')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('status', '=', 'queued')
    .where('lane', '=', 'eager')
    .executeTakeFirstOrThrow()
  return Number(count)
}
