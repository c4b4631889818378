import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { Batch, BatchPage } from '../../src/contract/batch.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import type { BatchBehaviour } from '../support/gemini-batches.ts'
import { waitFor } from '../support/wait-for.ts'

/** Half the list price of the default model at 1K, with its thinking. */
const HALF_NANO_USD = 20_175_000

describe('batches', () => {
  let app: TestApp
  let alice: Client
  let bob: Client
  let operator: Client
  let count = 0

  beforeAll(async () => {
    app = await startTestApp({
      env: {
        EAGER_TIER: 'batch',
        BATCH_MAX_ITEMS: '3',
        BATCH_WAIT_MS: '600000',
        BATCH_POLL_MS: '50',
        SWEEP_INTERVAL_MS: '200',
        ...(process.env.TEST_LOG && { LOG_LEVEL: process.env.TEST_LOG }),
      },
    })
    alice = await createClient(app)
    bob = await createClient(app, 'bob')
    operator = await createClient(app, 'olga', true)
  })
  afterAll(() => app.stop())
  beforeEach(async () => {
    await untilClosed()
    await app.db.deleteFrom('tierLimits').execute()
    app.gemini.reset()
  })

  const untilClosed = () =>
    waitFor(
      async () => {
        const open = await app.db
          .selectFrom('batches')
          .select('id')
          .where('state', '<>', 'closed')
          .execute()
        return open.length === 0
      },
      { what: 'every batch to be closed' },
    )

  const ask = async (client = alice, more: object = {}) => {
    const prompt = `batched picture number ${++count}`
    const { body } = await client.generate({ prompt, lane: 'eager', ...more })
    return body
  }
  /** As many as one batch is made of. */
  const askForThree = async () => [await ask(), await ask(bob), await ask()] as const

  const untilInBatch = async (id: string): Promise<string> => {
    const item = await waitFor(
      () =>
        app.db
          .selectFrom('batchItems')
          .innerJoin('batches', 'batches.id', 'batchId')
          .select('batchId')
          .where('generationId', '=', id)
          .where('batchItems.state', '=', 'sent')
          .where('batches.state', '=', 'running')
          .executeTakeFirst(),
      { what: 'a generation to be in a batch that runs' },
    )
    return item.batchId ?? ''
  }
  const untilGathered = (id: string) =>
    waitFor(async () => (await alice.get(id)).body.batch?.state === 'gathered', {
      what: 'a generation to wait for a batch',
    })
  const hold = (more: BatchBehaviour = {}) => app.gemini.batches.behave({ isHeld: true, ...more })

  const attemptsOf = (...ids: string[]) =>
    app.db
      .selectFrom('attempts')
      .selectAll()
      .where('generationId', 'in', ids)
      .orderBy('id')
      .execute()
  const surplusOf = (id: string) =>
    app.db.selectFrom('surplusObjects').selectAll().where('generationId', '=', id).execute()
  /** Two more, so that one that waits alone gets its batch. */
  const fillUp = async () => [await ask(bob), await ask(bob)] as const

  test('those of several owners are made in one, at half the price, and nothing is left at the provider', async () => {
    const asked = await askForThree()
    const ended = [
      await alice.waitForEnd(asked[0].id),
      await bob.waitForEnd(asked[1].id),
      await alice.waitForEnd(asked[2].id),
    ]
    expect(ended.map(({ body }) => body.status)).toEqual(['succeeded', 'succeeded', 'succeeded'])
    expect(app.gemini.countCalls()).toBe(0)
    expect(app.gemini.batches.created).toHaveLength(1)
    expect(app.gemini.batches.countImages()).toBe(3)
    const attempts = await attemptsOf(...asked.map(({ id }) => id))
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ outcome: 'image', isEstimate: false, costBasis: 'measured' })
      expect(attempt.heldNanoUsd).toBe(HALF_NANO_USD)
      expect(attempt.costNanoUsd).toBe((12 * 1_500 + 1_120 * 30_000) / 2)
    }
    expect(ended.map(({ body }) => body.costUsd)).toEqual(
      attempts.map(({ costNanoUsd }) => costNanoUsd / 1e9),
    )
    await untilClosed()
    expect(app.gemini.batches.files.list()).toEqual([])
    expect(app.gemini.batches.countKept()).toBe(0)
  })

  test('each line of the results counts for itself, in whatever order and however often it comes', async () => {
    const seen = new Set<string>()
    app.gemini.batches.behave({
      isReversed: true,
      lineOf: ({ key, prompt }) => {
        if (seen.has(key) || !/first|second|third/.test(prompt)) return 'image'
        seen.add(key)
        if (/first/.test(prompt))
          return { key, response: { promptFeedback: { blockReason: 'SAFETY' } } }
        if (/second/.test(prompt))
          return { key, error: { code: 14, message: 'The model is overloaded.' } }
        return [
          'not json at all {',
          { response: { candidates: [] } },
          { key: 'g_of_nobody', response: { candidates: [] } },
          { key, response: imageAnswer() },
          { key, response: imageAnswer() },
        ]
      },
    })
    const refused = await ask(alice, { prompt: 'the first of three' })
    const overloaded = await ask(alice, { prompt: 'the second of three' })
    const image = await ask(alice, { prompt: 'the third of three' })
    expect((await alice.waitForEnd(refused.id)).body).toMatchObject({
      status: 'failed',
      error: { code: 'refused_prompt' },
    })
    expect((await alice.waitForEnd(image.id)).body).toMatchObject({
      status: 'succeeded',
      attempts: 1,
    })
    expect(await surplusOf(image.id)).toHaveLength(0)
    await fillUp()
    expect((await alice.waitForEnd(overloaded.id)).body).toMatchObject({
      status: 'succeeded',
      attempts: 2,
    })
    expect(app.gemini.batches.created).toHaveLength(2)
    expect(
      (await attemptsOf(overloaded.id)).map(({ outcome, costNanoUsd }) => [
        outcome,
        costNanoUsd > 0,
      ]),
    ).toEqual([
      ['overloaded', false],
      ['image', true],
    ])
    expect((await attemptsOf(refused.id)).map(({ costNanoUsd }) => costNanoUsd)).toEqual([0])
  })

  test.each([
    ['is lost in a 503', 'taken_and_503'],
    ['is lost with the connection', 'taken_and_reset'],
  ] as const)(
    'a batch that was taken, though the answer %s, is found by its name and not bought again',
    async (_, create) => {
      for (let n = 0; n < 3; n++) app.gemini.batches.addOther(`somebody's ${n}`)
      app.gemini.batches.behave({ create, createTimes: 1 })
      const [first] = await askForThree()
      expect((await alice.waitForEnd(first.id)).body.status).toBe('succeeded')
      expect(app.gemini.batches.created).toHaveLength(1)
      expect(app.gemini.batches.countLists()).toBeGreaterThan(1)
    },
  )

  test('what the provider has not taken, as its list shows a while after, is sent again', async () => {
    app.gemini.batches.behave({ create: { status: 503, word: 'UNAVAILABLE' }, createTimes: 1 })
    const [first] = await askForThree()
    expect((await alice.waitForEnd(first.id)).body.status).toBe('succeeded')
    expect(app.gemini.batches.countCreations()).toBe(2)
    expect(app.gemini.batches.created).toHaveLength(1)
  })

  test('one that the provider refuses is made otherwise', async () => {
    app.gemini.batches.behave({ create: { status: 400 } })
    const asked = await askForThree()
    expect((await alice.waitForEnd(asked[0].id)).body).toMatchObject({ status: 'succeeded' })
    expect((await bob.waitForEnd(asked[1].id)).body).toMatchObject({ status: 'succeeded' })
    expect((await alice.waitForEnd(asked[2].id)).body).toMatchObject({
      status: 'succeeded',
      attempts: 1,
    })
    expect(app.gemini.countCalls()).toBe(3)
    expect(app.gemini.batches.countCreations()).toBe(1)
    // The model is not asked again for a day.
    const { id } = await ask()
    expect((await alice.waitForEnd(id)).body).toMatchObject({ status: 'succeeded', tier: 'flex' })
  })

  test.each([true, false])(
    'a download that is cut off goes on where it was (ranges: %s)',
    async (hasRanges) => {
      if (!hasRanges) app.gemini.batches.files.ignoreRanges()
      app.gemini.batches.files.cut({ times: 2, afterBytes: 700 })
      const asked = await askForThree()
      for (const { id } of asked) {
        expect((await operator.waitForEnd(id)).body).toMatchObject({
          status: 'succeeded',
          attempts: 1,
        })
      }
      expect(app.gemini.batches.countImages()).toBe(3)
      expect(app.gemini.batches.files.downloads.length).toBeGreaterThan(2)
    },
  )

  test('of one that expired what it brought is taken, and the rest is made otherwise', async () => {
    app.gemini.batches.behave({
      end: 'EXPIRED',
      lineOf: ({ index }) => (index === 0 ? 'image' : undefined),
    })
    const asked = await askForThree()
    for (const { id } of asked) {
      expect((await operator.waitForEnd(id)).body).toMatchObject({
        status: 'succeeded',
        attempts: 1,
      })
    }
    expect(app.gemini.batches.countImages()).toBe(1)
    expect(app.gemini.countCalls()).toBe(2)
  })

  test('a result that is missing may have cost what was set aside, and is tried again', async () => {
    let isLost = true
    app.gemini.batches.behave({
      lineOf: ({ prompt }) => (isLost && /that is lost/.test(prompt) ? undefined : 'image'),
    })
    const lost = await ask(alice, { prompt: 'a picture that is lost' })
    await fillUp()
    await waitFor(async () => (await attemptsOf(lost.id))[0]?.outcome, { what: 'it to be lost' })
    isLost = false
    await fillUp()
    expect((await alice.waitForEnd(lost.id)).body).toMatchObject({
      status: 'succeeded',
      attempts: 2,
    })
    const [first, second] = await attemptsOf(lost.id)
    expect(first).toMatchObject({ outcome: 'ambiguous', isEstimate: true, mayHaveCharged: true })
    expect(first?.costNanoUsd).toBe(HALF_NANO_USD)
    expect(second).toMatchObject({ outcome: 'image' })
  })

  test('one that waits for a batch is made at once for a person, and bought once', async () => {
    const { id, prompt } = await ask()
    await untilGathered(id)
    const { body } = await alice.generateAndWait({ prompt })
    expect(body).toMatchObject({ id, status: 'succeeded' })
    expect(app.gemini.countCalls()).toBe(1)
    const [one, two, three] = [await ask(bob), await ask(bob), await ask(bob)]
    for (const each of [one, two, three]) await bob.waitForEnd(each.id)
    expect(
      app.gemini.batches.created.flatMap(({ requests }) => requests.map(({ key }) => key)),
    ).not.toContain(id)
    expect(await attemptsOf(id)).toHaveLength(1)
  })

  test('a person who asks for one in a batch is told when, shown the placeholder, and buys nothing', async () => {
    hold()
    const [{ id, prompt }] = await askForThree()
    await untilInBatch(id)
    const { status, headers, body } = await alice.generate({ prompt })
    expect(status).toBe(202)
    expect(body).toMatchObject({
      id,
      status: 'running',
      isPlaceholder: true,
      batch: { state: 'running' },
    })
    expect(Date.parse(body.batch?.expectedBy ?? '')).toBe(
      Date.parse(body.batch?.since ?? '') + 86_400_000,
    )
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(60)
    await app.gemini.batches.finishAll()
    expect((await alice.waitForEnd(id)).body).toMatchObject({
      status: 'succeeded',
      lane: 'interactive',
    })
    expect(app.gemini.countCalls()).toBe(0)
    expect(await attemptsOf(id)).toHaveLength(1)
  })

  test('one that is canceled while it waits leaves, and goes into no batch', async () => {
    const { id } = await ask()
    await untilGathered(id)
    expect((await alice.call('POST', `/api/generations/${id}/cancel`)).status).toBe(200)
    const others = [await ask(bob), await ask(bob), await ask(bob)]
    for (const each of others) await bob.waitForEnd(each.id)
    expect(app.gemini.batches.created[0]?.requests.map(({ key }) => key)).not.toContain(id)
    expect(await attemptsOf(id)).toHaveLength(0)
  })

  test('one that is canceled in a batch is booked, and whoever asks again has what was bought', async () => {
    hold()
    const [{ id, prompt }] = await askForThree()
    await untilInBatch(id)
    await alice.call('POST', `/api/generations/${id}/cancel`)
    await app.gemini.batches.finishAll()
    await untilClosed()
    expect((await alice.get(id)).body).toMatchObject({ status: 'canceled' })
    expect(await attemptsOf(id)).toMatchObject([{ outcome: 'image' }])
    expect((await alice.generateAndWait({ prompt })).body).toMatchObject({
      id,
      status: 'succeeded',
    })
    expect(app.gemini.countCalls()).toBe(0)
    expect(await attemptsOf(id)).toHaveLength(1)
  })

  test('one that is canceled in a batch and asked for again is left to that batch', async () => {
    hold()
    const [{ id, prompt }] = await askForThree()
    await untilInBatch(id)
    await alice.call('POST', `/api/generations/${id}/cancel`)
    await alice.generate({ prompt })
    await waitFor(async () => (await alice.get(id)).body.batch?.state === 'running', {
      what: 'it to be in its batch again',
    })
    await app.gemini.batches.finishAll()
    expect((await alice.waitForEnd(id)).body).toMatchObject({ status: 'succeeded' })
    expect(app.gemini.countCalls()).toBe(0)
    expect(await attemptsOf(id)).toHaveLength(1)
  })

  test('an owner who is erased leaves nothing, and the others have theirs', async () => {
    hold()
    const eve = await createClient(app, 'eve')
    const { id } = await ask(eve)
    const [other] = await fillUp()
    await untilInBatch(id)
    await eve.call('DELETE', '/api/me')
    await waitFor(
      async () =>
        (await app.db.selectFrom('generations').select('id').where('id', '=', id).execute())
          .length === 0,
      { what: 'the owner to be erased' },
    )
    await app.gemini.batches.finishAll()
    expect((await bob.waitForEnd(other.id)).body.status).toBe('succeeded')
    await untilClosed()
    const { rows } = await sql<{ n: number }>`
      select (select count(*) from batch_items where generation_id = ${id})
        + (select count(*) from surplus_objects where generation_id = ${id}) as n`.execute(app.db)
    expect(Number(rows[0]?.n)).toBe(0)
  })

  test('what would pass a limit waits, and the rest of the batch goes', async () => {
    await operator.call('PUT', '/api/budgets/owner:carol', { body: { dailyUsd: 0.03 } })
    const carol = await createClient(app, 'carol')
    const [first, second] = [await ask(carol), await ask(carol)]
    await ask(bob)
    expect((await carol.waitForEnd(first.id)).body.status).toBe('succeeded')
    expect((await carol.get(second.id)).body).toMatchObject({
      status: 'queued',
      error: { code: 'budget_exceeded' },
    })
    expect(app.gemini.batches.created[0]?.requests).toHaveLength(2)
    await carol.call('POST', `/api/generations/${second.id}/cancel`)
  })

  test('operators see batches and cancel them; what they brought is taken, and the rest made otherwise', async () => {
    hold({ lineOf: ({ index }) => (index === 0 ? 'image' : undefined) })
    const asked = await askForThree()
    const id = await untilInBatch(asked[0].id)
    const { body: page } = await operator.call<BatchPage>('GET', '/api/batches?limit=1')
    expect(page.batches).toMatchObject([
      {
        id,
        state: 'running',
        outcome: null,
        items: { total: 3, open: 3, images: 0 },
        trouble: null,
      },
    ])
    expect(page.batches[0]?.costUsd).toBe((3 * HALF_NANO_USD) / 1e9)
    expect((await alice.call('GET', '/api/batches')).status).toBe(403)
    expect((await alice.call('POST', `/api/batches/${id}/cancel`)).status).toBe(403)
    const canceled = await operator.call<Batch>('POST', `/api/batches/${id}/cancel`)
    expect(canceled).toMatchObject({ status: 200, body: { id } })
    for (const each of asked) {
      expect((await operator.waitForEnd(each.id)).body).toMatchObject({ status: 'succeeded' })
    }
    expect(app.gemini.countCalls()).toBe(2)
    await untilClosed()
    expect((await operator.call('POST', `/api/batches/${id}/cancel`)).status).toBe(409)
    expect((await operator.call('POST', '/api/batches/b_none/cancel')).status).toBe(404)
  })

  test('a condition image that is gone fails its own generation alone', async () => {
    const conditioned = await ask(alice, { conditionImage: PIXEL })
    await untilGathered(conditioned.id)
    const { conditionImageId } = await app.db
      .selectFrom('generations')
      .select('conditionImageId')
      .where('id', '=', conditioned.id)
      .executeTakeFirstOrThrow()
    await alice.call('DELETE', `/api/images/${conditionImageId}`)
    const others = await fillUp()
    for (const each of others) expect((await bob.waitForEnd(each.id)).body.status).toBe('succeeded')
    expect((await alice.waitForEnd(conditioned.id)).body).toMatchObject({
      status: 'failed',
      error: { code: 'condition_image_gone' },
    })
    expect(await attemptsOf(conditioned.id)).toMatchObject([
      { outcome: 'interrupted', costNanoUsd: 0 },
    ])
  })
})

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const imageAnswer = () => ({
  candidates: [
    {
      content: { parts: [{ inlineData: { mimeType: 'image/png', data: PIXEL } }] },
      finishReason: 'STOP',
    },
  ],
})
