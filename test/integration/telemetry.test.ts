import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createImageonceClient, logImageGenerationTelemetry } from '../../src/client.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { expectProblem } from '../support/problems.ts'
import { waitFor } from '../support/wait-for.ts'

const DIGEST = /^[0-9a-f]{16}$/

let app: TestApp
let alice: Client

beforeAll(async () => {
  app = await startTestApp()
  alice = await createClient(app)
})
afterAll(() => app.stop())
afterEach(() => app.gemini.behave({ kind: 'image' }))

const readEvents = (ownerId = 'alice') =>
  app.db
    .selectFrom('generationEvents')
    .select(['type', 'data', 'generationId', 'clientEventId', 'createdAt'])
    .where('sequence', 'is', null)
    .where('ownerId', '=', ownerId)
    .orderBy('id')
    .execute()

const readEventsOf = async (generationId: string) =>
  (await readEvents()).filter((event) => event.generationId === generationId)

describe('what the server records', () => {
  test('of a generation is its start, its end with what it cost, and each reuse with what it saved', async () => {
    const { body } = await alice.generateAndWait({ prompt: '  a recorded   boat ' })
    await alice.generate({ prompt: 'a recorded boat' })
    const events = await waitFor(
      async () => {
        const found = await readEventsOf(body.id)
        return found.length === 3 && found
      },
      { what: 'three events' },
    )
    expect(events.map(({ type }) => type)).toEqual([
      'generation_started',
      'generation_completed',
      'generation_skipped',
    ])
    const [started, completed, skipped] = events.map(({ data }) => data)
    const { promptDigest } = started ?? {}
    expect(promptDigest).toMatch(DIGEST)
    expect(started).toEqual({ lane: 'interactive', promptDigest })
    const durationMs = expect.any(Number)
    expect(completed).toEqual({ durationMs, costUsd: body.costUsd, promptDigest })
    expect(skipped).toEqual({ source: 'exact', savedUsd: body.costUsd, promptDigest })
    expect(JSON.stringify(events)).not.toContain('boat')
  })

  test('of a failure says why, and asking again is told apart with its own cost', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body } = await alice.generateAndWait({ prompt: 'a recorded failure' })
    app.gemini.behave({ kind: 'image' })
    const again = await alice.generateAndWait({ prompt: 'a recorded failure' })
    expect(again.body).toMatchObject({ id: body.id, status: 'succeeded' })
    const events = await readEventsOf(body.id)
    expect(events.map(({ type }) => type)).toEqual([
      'generation_started',
      'generation_failed',
      'generation_started',
      'generation_completed',
    ])
    expect(events[1]?.data.errorCode).toBe('refused_prompt')
    const costs = [events[1], events[3]].map((event) => Number(event?.data.costUsd))
    expect((costs[0] ?? 0) + (costs[1] ?? 0)).toBeCloseTo(again.body.costUsd ?? 0, 10)
  })

  test('adds up: each start has one end, a canceled one its life-cycle event, a deleted image none', async () => {
    const carol = await createClient(app, 'carol')
    app.gemini.behave(({ prompt }) => ({ kind: prompt.includes('hung') ? 'hang' : 'image' }))
    const kept = await carol.generateAndWait({ prompt: 'a kept boat' })
    const hung = await carol.generate({ prompt: 'a hung boat' })
    await carol.call('POST', `/api/generations/${hung.body.id}/cancel`)
    await carol.call('DELETE', `/api/images/${kept.body.id}`)
    await carol.generateAndWait({ prompt: 'a kept boat' })
    const events = await app.db
      .selectFrom('generationEvents')
      .select(['type', 'data'])
      .where('ownerId', '=', 'carol')
      .orderBy('id')
      .execute()
    const count = (...types: string[]) => events.filter(({ type }) => types.includes(type)).length
    const canceled = events
      .filter(({ type }) => type === 'generation.canceled')
      .map(({ data }) => data.errorCode)
    expect(canceled).toEqual(['canceled', 'image_deleted'])
    expect(count('generation_started')).toBe(3)
    expect(count('generation_completed', 'generation_failed')).toBe(2)
  })
})

describe('what a browser reports', () => {
  const at = '2026-11-22T07:53:32.181Z'
  const event = (fields: object = {}) => ({
    id: crypto.randomUUID(),
    type: 'generation_skipped',
    at,
    ...fields,
  })
  const send = (events: unknown[], client = alice) =>
    client.call('POST', '/api/telemetry', { body: { events } })

  test('is kept as its claim, and counted once however often it is sent', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a reported boat' })
    const mine = event({ generationId: body.id, durationMs: 12.5, source: 'client' })
    const first = await send([mine, mine, event()])
    expect(first.status).toBe(202)
    expect(first.body).toEqual({ accepted: 2, duplicates: 1 })
    const [second, third] = await Promise.all([send([mine]), send([mine, event()])])
    expect(second.body).toEqual({ accepted: 0, duplicates: 1 })
    expect(third.body).toEqual({ accepted: 1, duplicates: 1 })
    const kept = (await readEvents()).filter(({ clientEventId }) => clientEventId === mine.id)
    expect(kept).toHaveLength(1)
    expect(kept[0]).toMatchObject({
      type: 'generation_skipped',
      generationId: body.id,
      data: { origin: 'client', at, durationMs: 12.5, source: 'client' },
    })
  })

  test("is each owner's own, and never speaks of another's generation", async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a reported boat' })
    const newcomer = await createClient(app, 'newcomer')
    const same = event({ generationId: body.id })
    expect((await send([same])).body).toEqual({ accepted: 1, duplicates: 0 })
    expect((await send([same], newcomer)).body).toEqual({ accepted: 1, duplicates: 0 })
    const [kept] = await readEvents('newcomer')
    expect(kept).toMatchObject({ clientEventId: same.id, generationId: null })
  })

  test('comes as a beacon too, with the token in its body', async () => {
    const token = await app.token('beacon')
    const beacon = (body: object) =>
      fetch(`${app.url}/api/telemetry`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain;charset=UTF-8' },
        body: JSON.stringify(body),
      })
    const taken = await beacon({ token, events: [event()] })
    expect(taken.status).toBe(202)
    expect(await taken.json()).toEqual({ accepted: 1, duplicates: 0 })
    for (const body of [{ events: [event()] }, { token: 'no token', events: [event()] }]) {
      const refused = await beacon(body)
      expect(refused.status).toBe(401)
      await refused.text()
    }
    expect(await readEvents('beacon')).toHaveLength(1)
  })

  test('arrives as the browser library sends it', async () => {
    const token = await app.token('library')
    createImageonceClient({ baseUrl: app.url, token })
    logImageGenerationTelemetry('generation_skipped', { source: 'client', durationMs: 0.5 })
    const [kept] = await waitFor(
      async () => {
        const events = await readEvents('library')
        return events.length > 0 && events
      },
      { what: "the library's batch" },
    )
    expect(kept).toMatchObject({ type: 'generation_skipped', data: { origin: 'client' } })
  })

  test.each<[string, unknown, string[]]>([
    ['no events', {}, ['/events']],
    ['none at all', { events: [] }, ['/events']],
    ['too many', { events: Array.from({ length: 101 }, () => event()) }, ['/events']],
    ['an unknown type', { events: [event({ type: 'clicked' })] }, ['/events/0/type']],
    ['no id', { events: [event({ id: undefined })] }, ['/events/0/id']],
    ['an id of many lines', { events: [event({ id: 'a\nb' })] }, ['/events/0/id']],
    ['no time', { events: [event({ at: 'yesterday' })] }, ['/events/0/at']],
    ['a prompt', { events: [event({ prompt: 'a secret' })] }, ['/events/0/prompt']],
    ['money', { events: [event(), event({ savedUsd: 100 })] }, ['/events/1/savedUsd']],
    ['a negative time', { events: [event({ durationMs: -1 })] }, ['/events/0/durationMs']],
    ['no id of ours', { events: [event({ generationId: 'g_1' })] }, ['/events/0/generationId']],
  ])('with %s is refused, and nothing is kept', async (_name, body, pointers) => {
    const before = (await readEvents()).length
    const answer = await alice.fail('POST', '/api/telemetry', { body })
    expectProblem(answer, { status: 400, code: 'invalid_request', pointers })
    expect(await readEvents()).toHaveLength(before)
  })

  test('and is too large is refused', async () => {
    const body = { token: 'x'.repeat(64 * 1024), events: [event()] }
    const answer = await alice.fail('POST', '/api/telemetry', { body })
    expectProblem(answer, { status: 413, code: 'payload_too_large' })
  })

  test('too often is told when to go on', async () => {
    const talker = await createClient(app, 'talker')
    const batch = () => Array.from({ length: 100 }, () => event())
    const body = () => ({ body: { events: batch() } })
    const answers = await Promise.all(
      Array.from({ length: 11 }, () => talker.call('POST', '/api/telemetry', body())),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([...Array(10).fill(202), 429])
    const refused = await talker.fail('POST', '/api/telemetry', body())
    expectProblem(refused, { status: 429, code: 'rate_limited' })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})
