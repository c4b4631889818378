import { afterEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp

afterEach(() => app.stop())

test('a refusal answers for its prompt until its time is over, and is not paid for again', async () => {
  app = await startTestApp({ env: { REFUSAL_TTL_MS: '60000' } })
  const alice = await createClient(app)
  app.gemini.behave({ kind: 'finish', finishReason: 'IMAGE_SAFETY' })
  const refused = await alice.generateAndWait({ prompt: 'not this' })
  app.gemini.behave({ kind: 'image' })
  const again = await alice.generateAndWait({ prompt: 'not this' })
  expect(again.status).toBe(200)
  expect(again.body).toMatchObject({
    id: refused.body.id,
    status: 'failed',
    isPlaceholder: true,
    error: { code: 'refused_image', retryable: false },
  })
  expect(again.body.reuse).toBeUndefined()
  expect(app.gemini.countCalls()).toBe(1)

  const forced = await alice.generateAndWait({ prompt: 'not this', skipExistingCheck: true })
  expect(forced.body.status).toBe('succeeded')
  const reused = await alice.generate({ prompt: 'not this' })
  expect(reused.body).toMatchObject({ status: 'succeeded', reuse: { source: 'exact' } })

  app.gemini.behave({ kind: 'prompt_blocked' })
  const other = await alice.generateAndWait({ prompt: 'nor that' })
  await app.db
    .updateTable('generations')
    .set({ finishedAt: sql<Date>`now() - interval '61 seconds'` })
    .where('id', '=', other.body.id)
    .execute()
  app.gemini.behave({ kind: 'image' })
  const later = await alice.generateAndWait({ prompt: 'nor that' })
  expect(later.body).toMatchObject({ id: other.body.id, status: 'succeeded' })
})

test('an owner with too much in the making is told so; joining and other owners are free', async () => {
  app = await startTestApp({ workers: 0, env: { OWNER_MAX_IN_FLIGHT: '3' } })
  const [alice, bob] = await Promise.all([createClient(app), createClient(app, 'bob')])
  for (const prompt of ['one', 'two', 'three']) {
    expect((await alice.generate({ prompt })).status).toBe(202)
  }
  const refused = await alice.fail('POST', '/api/visualize/generate', { body: { prompt: 'four' } })
  expect(refused).toMatchObject({
    status: 429,
    body: { code: 'too_many_queued', retryable: true, isPlaceholder: true },
  })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refused.body.imageUrl).toMatch(/^data:image\/webp;base64,/)
  expect((await alice.generate({ prompt: 'two' })).body.reuse?.source).toBe('joined')
  expect((await bob.generate({ prompt: 'four' })).status).toBe(202)
  await app.startWorker()
  await waitFor(async () => (await alice.generate({ prompt: 'four' }).catch(() => null)) !== null, {
    what: 'room in the line',
  })
})

test('an input whose workers died three times is not run again', async () => {
  app = await startTestApp({ workers: 0 })
  const alice = await createClient(app)
  const { body } = await alice.generate({ prompt: 'poison' })
  await app.db
    .updateTable('generations')
    .set({ status: 'running', lostClaims: 2, leaseExpiresAt: sql<Date>`now() - interval '1 s'` })
    .where('id', '=', body.id)
    .execute()
  await app.startWorker()
  const failed = await alice.get(body.id, { Prefer: 'wait=20' })
  expect(failed.body).toMatchObject({
    status: 'failed',
    isPlaceholder: true,
    error: { code: 'worker_lost' },
  })
  expect(app.gemini.countCalls()).toBe(0)
  const again = await alice.generateAndWait({ prompt: 'poison' })
  expect(again.body).toMatchObject({ id: body.id, status: 'succeeded' })
})

describe('a model that is down', () => {
  test('shows people the placeholder at once, and makes their images when it is back', async () => {
    app = await startTestApp({
      env: { BREAKER_FAILURES: '2', BREAKER_RESET_MS: '1500', RETRY_BACKOFF_MS: '2' },
    })
    const alice = await createClient(app)
    app.gemini.behave({ kind: 'overloaded' })
    const asked = ['first', 'second'].map((prompt) => alice.generate({ prompt }))
    const [first, second] = await Promise.all(asked)
    const eager = await alice.generate({ prompt: 'ahead of need', lane: 'eager' })
    const waiting = await waitFor(
      async () => {
        const answer = await alice.get(first?.body.id ?? '')
        return answer.body.error?.code === 'provider_unavailable' && answer
      },
      { what: 'the breaker' },
    )
    expect(waiting.body).toMatchObject({
      ...{ status: 'queued', isPlaceholder: true, error: { retryable: true } },
      note: expect.stringContaining('same URL'),
    })
    expect(waiting.headers.get('retry-after')).toMatch(/^[12]$/)
    app.gemini.behave({ kind: 'image' })
    for (const asked of [first, second, eager]) {
      const { body } = await alice.get(asked?.body.id ?? '', { Prefer: 'wait=30' })
      expect(body).toMatchObject({ status: 'succeeded', isPlaceholder: false })
    }
  })

  test('is told from five prompts that it answers with 500: nobody else is held up', async () => {
    app = await startTestApp({ env: { BREAKER_FAILURES: '10', RETRY_BACKOFF_MS: '2' } })
    const mallory = await createClient(app, 'mallory')
    app.gemini.behave(({ prompt }) =>
      prompt.includes('bad') ? { kind: 'server_error' } : { kind: 'image' },
    )
    for (const prompt of ['bad 1', 'bad 2', 'bad 3', 'bad 4', 'bad 5']) {
      const { body } = await mallory.generateAndWait({ prompt })
      expect(body).toMatchObject({ status: 'failed', error: { code: 'ambiguous' } })
    }
    const owners = Array.from({ length: 10 }, (_, n) => `owner ${n}`)
    for (const owner of [...owners, 'mallory']) {
      const { body } = await (await createClient(app, owner)).generateAndWait({ prompt: 'good' })
      expect(body).toMatchObject({ status: 'succeeded', attempts: 1 })
    }
  })
})

describe('a deadline', () => {
  test('ends what nobody makes, with the placeholder, and asking again has a new one', async () => {
    const env = { GENERATION_TIMEOUT_MS: '900', INTERACTIVE_GIVE_UP_MS: '1000' }
    app = await startTestApp({ workers: 0, env: { ...env, SWEEP_INTERVAL_MS: '100' } })
    const alice = await createClient(app)
    const { body } = await alice.generate({ prompt: 'never made' })
    const leftMs = Date.parse(body.deadlineAt ?? '') - Date.parse(body.createdAt)
    expect(leftMs).toBe(1_000)
    const { body: ended } = await alice.get(body.id, { Prefer: 'wait=30' })
    expect(ended).toMatchObject({
      ...{ status: 'failed', isPlaceholder: true, attempts: 0 },
      error: { code: 'deadline_exceeded', retryable: true },
    })
    expect(ended.deadlineAt).toBeUndefined()
    const placeholder = await fetch(ended.imageUrl)
    await placeholder.arrayBuffer()
    expect(placeholder.headers.get('imageonce-placeholder')).toBe('true')
    const { body: listed } = await alice.call('GET', '/api/images?type=placeholder')
    expect(listed).toMatchObject({ images: [{ id: body.id }] })
    const { body: again } = await alice.generate({ prompt: 'never made' })
    expect(again).toMatchObject({ id: body.id, status: 'queued' })
    expect(Date.parse(again.deadlineAt ?? '')).toBeGreaterThan(Date.parse(body.deadlineAt ?? ''))
  })

  test('is that of its lane; a person who comes waits for no eager reason, and for no longer than others', async () => {
    app = await startTestApp()
    const alice = await createClient(app)
    app.gemini.behave({
      kind: 'sequence',
      steps: [{ kind: 'rate_limited', retryDelay: '999999999s' }, { kind: 'image' }],
    })
    const { body: eager } = await alice.generate({ prompt: 'in two hours', lane: 'eager' })
    const waiting = await waitFor(
      async () => {
        const answer = await alice.get(eager.id)
        return answer.body.error?.code === 'rate_limited' && answer
      },
      { what: 'the limit' },
    )
    const { giveUpMs } = app.config.limits
    expect(Date.parse(waiting.body.deadlineAt ?? '') - Date.parse(eager.createdAt)).toBe(
      giveUpMs.eager,
    )
    // The real wait: an hour at most, though years were asked for.
    const waitSeconds = Number(waiting.headers.get('retry-after'))
    expect(waitSeconds).toBeGreaterThan(3_000)
    // A statement may see what was written a moment after its own clock was read.
    expect(waitSeconds).toBeLessThanOrEqual(3_601)

    const { body: joined } = await alice.generate({ prompt: 'in two hours' })
    expect(joined).toMatchObject({ id: eager.id, lane: 'interactive' })
    const { promotedAt, deadlineAt } = await app.db
      .selectFrom('generations')
      .select(['promotedAt', 'deadlineAt'])
      .where('id', '=', eager.id)
      .executeTakeFirstOrThrow()
    if (deadlineAt) expect(Number(deadlineAt) - Number(promotedAt)).toBe(giveUpMs.interactive)
    const { body: done } = await alice.get(eager.id, { Prefer: 'wait=30' })
    expect(done).toMatchObject({ status: 'succeeded', attempts: 2 })
  })

  test('bounds what a person waits for, however long the model wants to be left alone', async () => {
    app = await startTestApp()
    const alice = await createClient(app)
    app.gemini.behave({ kind: 'rate_limited', retryDelay: '7200s' })
    const { body } = await alice.generate({ prompt: 'soon' })
    const waiting = await waitFor(
      async () => {
        const answer = await alice.get(body.id)
        return answer.body.error !== undefined && answer
      },
      { what: 'the limit' },
    )
    const waitSeconds = Number(waiting.headers.get('retry-after'))
    expect(waitSeconds).toBeGreaterThan(30)
    expect(waitSeconds).toBeLessThanOrEqual(60)
  })
})

test('a person who has waited long is shown the placeholder, and the picture at the same URL', async () => {
  app = await startTestApp({ env: { INTERACTIVE_DEADLINE_MS: '60000' } })
  const alice = await createClient(app)
  let finish = () => {}
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  app.gemini.behave(async () => {
    await held
    return { kind: 'image' }
  })
  const { body } = await alice.generate({ prompt: 'at leisure' })
  expect(body.isPlaceholder).toBe(false)
  await app.gemini.waitForCall(({ prompt }) => prompt.includes('at leisure'))
  await app.db
    .updateTable('generations')
    .set({ queuedAt: sql<Date>`queued_at - interval '61 seconds'` })
    .where('id', '=', body.id)
    .execute()
  const { body: late } = await alice.get(body.id)
  expect(late).toMatchObject({ status: 'running', isPlaceholder: true })
  expect(late.note).toContain('same URL')
  finish()
  const done = await alice.get(body.id, { Prefer: 'wait=20' })
  expect(done.body).toMatchObject({ status: 'succeeded', isPlaceholder: false })
  const image = await fetch(late.imageUrl)
  await image.arrayBuffer()
  expect(image.headers.get('imageonce-placeholder')).toBeNull()
})

describeEachBackend('the limit of the provider', (backend) => {
  test('holds for every generation and every worker until the time it said', async () => {
    app = await startTestApp({ backend, workers: 2 })
    const alice = await createClient(app)
    app.gemini.behave({
      kind: 'sequence',
      steps: [{ kind: 'rate_limited', retryDelay: '1.5s' }, { kind: 'image' }],
    })
    const first = await alice.generate({ prompt: 'first' })
    await waitFor(async () => (await alice.get(first.body.id)).body.error !== undefined, {
      what: 'the provider to ask for patience',
    })
    const others = ['second', 'third', 'fourth'].map((prompt) => alice.generateAndWait({ prompt }))
    for (const { body } of await Promise.all(others)) expect(body.status).toBe('succeeded')
    const [limited, ...later] = app.gemini.calls
    for (const call of later) expect(call.at - (limited?.at ?? 0)).toBeGreaterThanOrEqual(1_400)
  })

  test('of one owner delays another by one generation at most', async () => {
    app = await startTestApp({ backend, workers: 0, env: { WORKER_CONCURRENCY: '1' } })
    const [alice, bob] = await Promise.all([createClient(app), createClient(app, 'bob')])
    const many = Array.from({ length: 60 }, (_, i) => ({
      prompt: `many ${i}`,
      lane: 'interactive',
    }))
    await Promise.all(many.map((body) => alice.generate(body)))
    const eager = await alice.generate({ prompt: 'ahead of need', lane: 'eager' })
    const { body } = await bob.generate({ prompt: 'only one' })
    expect(body.queuePosition).toBeLessThanOrEqual(2)
    await app.startWorker()
    await bob.get(body.id, { Prefer: 'wait=20' })
    const prompts = app.gemini.calls.map(({ prompt }) => prompt)
    expect(prompts.findIndex((prompt) => prompt.includes('only one'))).toBeLessThanOrEqual(1)
    await alice.get(eager.body.id, { Prefer: 'wait=25' })
    expect(app.gemini.calls.at(-1)?.prompt).toContain('ahead of need')
  })
})
