import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { createHolds } from '../support/held.ts'
import { expectProblem } from '../support/problems.ts'
import { waitFor } from '../support/wait-for.ts'

const TOO_LATE = { status: 409, code: 'already_finished' }

describeEachBackend('canceling', (backend) => {
  let app: TestApp
  let alice: Client
  let holds: ReturnType<typeof createHolds>

  beforeAll(async () => {
    const env = {
      WORKER_CONCURRENCY: '1',
      RETRY_BACKOFF_MS: '30000',
      // A lost job stays lost, and its test fails.
      SWEEP_INTERVAL_MS: '60000',
    }
    app = await startTestApp({ backend, apis: 2, workers: 2, env })
    alice = await createClient(app)
    holds = createHolds(app.gemini)
  })
  afterAll(() => app.stop())
  afterEach(async () => {
    holds.release()
    await waitFor(async () => (await countInFlight()) === 0, { what: 'the workers to be idle' })
  })

  const countInFlight = async () =>
    (
      await app.db
        .selectFrom('generations')
        .select('id')
        .where('status', 'in', ['queued', 'running'])
        .execute()
    ).length

  const cancel = (id: string) => alice.call<unknown>('POST', `/api/generations/${id}/cancel`)

  const cancelForSure = async (id: string) => {
    const { status, body } = await cancel(id)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      id,
      status: 'canceled',
      isPlaceholder: true,
      error: { code: 'canceled', retryable: true },
    })
  }

  const expectMadeAtOnce = async (request: { prompt: string }) => {
    const { status, body } = await alice.generateAndWait(request)
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'succeeded', isPlaceholder: false })
    expect(body.error).toBeUndefined()
    return body
  }

  /** Two generations that keep both workers busy. */
  const occupyWorkers = async () => {
    const tag = Math.random().toString(36).slice(2)
    await holds.start(alice, `first of ${tag}`)
    return holds.start(alice, `second of ${tag}`)
  }

  describe('a queued generation', () => {
    test('means that nobody ever calls the provider for it', async () => {
      await occupyWorkers()
      const { body } = await alice.generate({ prompt: 'a queued hat' })
      expect(body.queuePosition).toBeGreaterThan(0)
      await cancelForSure(body.id)
      const { body: read } = await alice.get(body.id)
      expect(read).toMatchObject({ status: 'canceled', attempts: 0, costUsd: 0 })
      expect(read.queuePosition).toBeUndefined()
      holds.release()
      await expectMadeAtOnce({ prompt: 'the hat after it' })
      expect(app.gemini.countCalls('a queued hat')).toBe(0)
    })

    test('and asking again makes it', async () => {
      await occupyWorkers()
      const { body } = await alice.generate({ prompt: 'a wanted hat' })
      await cancelForSure(body.id)
      const asked = await alice.generate({ prompt: 'a wanted hat' })
      expect(asked.status).toBe(202)
      expect(asked.body).toMatchObject({ id: body.id, status: 'queued', isExisting: false })
      holds.release()
      await expectMadeAtOnce({ prompt: 'a wanted hat' })
      expect(app.gemini.countCalls('a wanted hat')).toBe(1)
    })

    test('that waits for its next try, and asking again does not wait for that time', async () => {
      const { random } = Math
      // The longest wait there is before the next try.
      Math.random = () => 0.99
      app.gemini.behave({ kind: 'overloaded' })
      const { body } = await alice.generate({ prompt: 'a hat in demand' })
      await waitFor(async () => (await alice.get(body.id)).body.error?.code === 'overloaded', {
        what: 'the first try to fail',
      }).finally(() => {
        Math.random = random
      })
      await cancelForSure(body.id)
      app.gemini.behave({ kind: 'image' })
      await expectMadeAtOnce({ prompt: 'a hat in demand' })
    })
  })

  describe('a running generation', () => {
    test('ends the call to the provider', async () => {
      app.gemini.behave({ kind: 'hang' })
      const { body } = await alice.generate({ prompt: 'a running hat' })
      const call = await app.gemini.waitForCall(({ prompt }) => prompt.includes('a running hat'))
      await cancelForSure(body.id)
      await waitFor(() => call.abandoned, { what: 'the call to be ended' })
      const attempt = () =>
        app.db
          .selectFrom('attempts')
          .select(['outcome', 'mayHaveCharged'])
          .where('generationId', '=', body.id)
          .where('outcome', 'is not', null)
          .executeTakeFirst()
      expect(await waitFor(attempt, { what: 'the books' })).toEqual({
        outcome: 'interrupted',
        mayHaveCharged: true,
      })
      expect((await alice.get(body.id)).body.status).toBe('canceled')
    })

    test('answers those who wait for it', async () => {
      app.gemini.behave({ kind: 'hang' })
      const { body } = await alice.generate({ prompt: 'an awaited hat' })
      await app.gemini.waitForCall(({ prompt }) => prompt.includes('an awaited hat'))
      const waiting = Array.from({ length: 5 }, () => alice.get(body.id, { Prefer: 'wait=20' }))
      await cancelForSure(body.id)
      for (const answer of await Promise.all(waiting)) expect(answer.body.status).toBe('canceled')
    })

    test('and asking again at once, while the old job is still ending, makes it', async () => {
      for (let round = 0; round < 10; round++) {
        const prompt = `a fickle hat ${round}`
        app.gemini.behave({ kind: 'hang' })
        const { body } = await alice.generate({ prompt })
        await app.gemini.waitForCall((call) => call.prompt.includes(prompt))
        app.gemini.behave({ kind: 'image' })
        await cancelForSure(body.id)
        const made = await expectMadeAtOnce({ prompt })
        expect(made).toMatchObject({ id: body.id, isExisting: false })
        expect(app.gemini.countCalls(prompt)).toBe(2)
      }
    })

    test('and asking again while the cancellation is still answered makes it', async () => {
      for (let round = 0; round < 10; round++) {
        const prompt = `a hasty hat ${round}`
        await occupyWorkers()
        const { body } = await alice.generate({ prompt })
        const canceling = cancel(body.id)
        const isCanceled = async () => (await alice.get(body.id)).body.status === 'canceled'
        await waitFor(isCanceled, { what: 'the cancellation' })
        const asked = alice.generate({ prompt })
        expect((await canceling).status).toBe(200)
        await asked
        holds.release()
        await expectMadeAtOnce({ prompt })
      }
    })

    test('just as its image arrives leaves either the image or the cancellation, never half', async () => {
      for (let round = 0; round < 20; round++) {
        const prompt = `a lucky hat ${round}`
        const held = await holds.start(alice, prompt)
        held.open()
        const { status } = await cancel(held.id)
        const { body } = await alice.get(held.id)
        expect([200, 409]).toContain(status)
        expect(body.status).toBe(status === 200 ? 'canceled' : 'succeeded')
        await expectMadeAtOnce({ prompt })
      }
    })
  })

  describe('a finished generation is refused', () => {
    test('when it has succeeded', async () => {
      const { body } = await alice.generateAndWait({ prompt: 'a finished hat' })
      expectProblem(await alice.fail('POST', `/api/generations/${body.id}/cancel`), TOO_LATE)
      expect((await alice.get(body.id)).body).toMatchObject({ status: 'succeeded' })
    })

    test('when it has failed', async () => {
      app.gemini.behave({ kind: 'prompt_blocked' })
      const { body } = await alice.generateAndWait({ prompt: 'a failed hat' })
      expectProblem(await alice.fail('POST', `/api/generations/${body.id}/cancel`), TOO_LATE)
      expect((await alice.get(body.id)).body.error?.code).toBe('refused_prompt')
    })

    test('when it is canceled: of 20 at once one succeeds', async () => {
      const held = await holds.start(alice, 'a hat nobody wants')
      const path = `${held.id}/cancel`
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          alice.call('POST', `${app.urls[i % 2]}/api/generations/${path}`),
        ),
      )
      const statuses = answers.map(({ status }) => status).sort()
      expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 409)])
    })
  })

  test("a forced generation leaves the request's older image to answer", async () => {
    const { body: first } = await alice.generateAndWait({ prompt: 'a hat twice' })
    const open = holds.hold()
    const forced = await alice.generate({ prompt: 'a hat twice', skipExistingCheck: true })
    await cancelForSure(forced.body.id)
    open()
    const { body } = await alice.generate({ prompt: 'a hat twice' })
    expect(body).toMatchObject({ id: first.id, isExisting: true })
  })

  test('with an Idempotency-Key: the same submission again is told that it was canceled', async () => {
    const key = { 'Idempotency-Key': 'a-canceled-one' }
    const held = await holds.start(alice, 'the hat before')
    const { body } = await alice.generate({ prompt: 'a hat by key' }, key)
    await cancelForSure(body.id)
    const replayed = await alice.generate({ prompt: 'a hat by key' }, key)
    expect(replayed.body).toMatchObject({ id: body.id, status: 'canceled', isExisting: false })
    held.open()
    await expectMadeAtOnce({ prompt: 'a hat by key' })
  })
})
