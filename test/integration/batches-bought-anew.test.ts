import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { waitFor } from '../support/wait-for.ts'

describe('a person who asks for one in a batch, with PROMOTION=buy', () => {
  let app: TestApp
  let alice: Client

  beforeAll(async () => {
    app = await startTestApp({
      env: {
        EAGER_TIER: 'batch',
        PROMOTION: 'buy',
        BATCH_MAX_ITEMS: '1',
        BATCH_POLL_MS: '50',
        SWEEP_INTERVAL_MS: '200',
      },
    })
    alice = await createClient(app)
  })
  afterAll(() => app.stop())

  test('has it made at once, and what the batch brings is booked and kept besides', async () => {
    app.gemini.batches.behave({ isHeld: true })
    const prompt = 'a picture that is wanted at once after all'
    const { body } = await alice.generate({ prompt, lane: 'eager' })
    await waitFor(async () => (await alice.get(body.id)).body.batch?.state === 'running', {
      what: 'it to be in a batch',
    })
    expect((await alice.generateAndWait({ prompt })).body).toMatchObject({
      id: body.id,
      status: 'succeeded',
      attempts: 2,
    })
    expect(app.gemini.countCalls()).toBe(1)
    await app.gemini.batches.finishAll()
    const surplus = await waitFor(
      () =>
        app.db
          .selectFrom('surplusObjects')
          .selectAll()
          .where('generationId', '=', body.id)
          .executeTakeFirst(),
      { what: 'what the batch brought' },
    )
    expect(surplus.kind).toBe('picture')
    const attempts = await app.db
      .selectFrom('attempts')
      .select(['outcome', 'isEstimate'])
      .where('generationId', '=', body.id)
      .execute()
    expect(attempts).toEqual(Array(2).fill({ outcome: 'image', isEstimate: false }))
  })
})
