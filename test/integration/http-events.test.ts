import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { GENERATION_CHANNEL } from '../../db/nudges.ts'
import { cancelQueuedOrRunning } from '../../src/generation/state/interventions.ts'
import { AppError } from '../../src/lib/errors.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { openStream, type StreamedEvent } from '../support/event-stream.ts'
import type { GeminiBehaviour } from '../support/gemini-behaviour.ts'
import { createHolds } from '../support/held.ts'
import { countLockWaits } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let alice: Client
let holds: ReturnType<typeof createHolds>

beforeAll(async () => {
  app = await startTestApp({ env: { WORKER_CONCURRENCY: '1' } })
  alice = await createClient(app)
  holds = createHolds(app.gemini)
})
afterAll(() => app.stop())
afterEach(() => holds.release())

const follow = (id: string, lastEventId?: string) =>
  openStream(`${app.url}/api/generations/${id}/events`, {
    authorization: alice.authorization,
    lastEventId,
  })

const brief = (events: StreamedEvent[]) => events.map(({ event, id }) => `${id} ${event}`)

/** What every stream must keep, whatever it tells. */
const expectConsistent = (events: StreamedEvent[]) => {
  const ids = events.map(({ id }) => Number(id))
  expect(ids).toEqual([...ids].sort((a, b) => a - b))
  for (const { event, generation } of events) {
    const [, told] = /^generation\.(succeeded|failed|canceled)$/.exec(event) ?? []
    if (told) expect({ event, status: generation.status }).toEqual({ event, status: told })
  }
}

describe('a stream', () => {
  test('tells the life of a generation from its queue to its end', async () => {
    const blocker = await holds.start(alice, 'the one before')
    const { body } = await alice.generate({ prompt: 'a river' })
    const stream = await follow(body.id)
    expect(stream.response.status).toBe(200)
    expect(stream.response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(stream.response.headers.get('cache-control')).toBe('no-store, no-transform')
    await waitFor(() => stream.events.length, { what: 'the snapshot' })
    expect(stream.events[0]?.generation).toMatchObject({ id: body.id, status: 'queued' })
    blocker.open()
    const events = await stream.ended
    expect(brief(events)).toEqual(['1 snapshot', '2 generation.running', '3 generation.succeeded'])
    expectConsistent(events)
    const { body: read } = await alice.get(body.id)
    expect(events.at(-1)?.generation).toEqual(read)
  })

  test('of a finished generation has its state and its end, then closes', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a pond' })
    const events = await (await follow(body.id)).ended
    expect(brief(events)).toEqual(['3 snapshot', '3 generation.succeeded'])
    expect(events[0]?.generation.status).toBe('succeeded')
  })

  test.each<[string, GeminiBehaviour]>([
    ['failed', { kind: 'prompt_blocked' }],
    ['succeeded', { kind: 'image' }],
  ])('ends when the generation has %s', async (status, behaviour) => {
    const held = await holds.start(alice, `a river that ${status}`, behaviour)
    const stream = await follow(held.id)
    held.open()
    const events = await stream.ended
    expect(brief(events)).toEqual(['2 snapshot', `3 generation.${status}`])
    expectConsistent(events)
  })

  test('ends when the generation is canceled', async () => {
    const held = await holds.start(alice, 'a canceled river')
    const stream = await follow(held.id)
    await alice.call('POST', `/api/generations/${held.id}/cancel`)
    const events = await stream.ended
    expect(brief(events)).toEqual(['2 snapshot', '3 generation.canceled'])
    expect(events.at(-1)?.generation.error?.code).toBe('canceled')
  })

  test('tells of a retry', async () => {
    const held = await holds.start(alice, 'a river with trouble', {
      kind: 'sequence',
      steps: [{ kind: 'overloaded' }, { kind: 'image' }],
    })
    const stream = await follow(held.id)
    held.open()
    const events = await stream.ended
    expect(brief(events)).toEqual([
      '2 snapshot',
      '3 generation.retrying',
      '4 generation.running',
      '5 generation.succeeded',
    ])
    expectConsistent(events)
  })

  test('by HEAD is answered without waiting for the end', async () => {
    const held = await holds.start(alice, 'a river in brief')
    const { status } = await fetch(`${app.url}/api/generations/${held.id}/events`, {
      method: 'HEAD',
      headers: { authorization: alice.authorization },
      signal: AbortSignal.timeout(3_000),
    })
    expect(status).toBe(200)
  })
})

describe('a stream that is resumed', () => {
  test('gives exactly what was missed', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a brook' })
    const afterQueued = await (await follow(body.id, '1')).ended
    expect(brief(afterQueued)).toEqual([
      '1 snapshot',
      '2 generation.running',
      '3 generation.succeeded',
    ])
    const afterRunning = await (await follow(body.id, '2')).ended
    expect(brief(afterRunning)).toEqual(['2 snapshot', '3 generation.succeeded'])
    expectConsistent(afterRunning)
  })

  test('goes on with what happens from then', async () => {
    const held = await holds.start(alice, 'a long brook')
    const stream = await follow(held.id, '1')
    await waitFor(() => stream.events.length === 2, { what: 'what was missed' })
    held.open()
    expect(brief(await stream.ended)).toEqual([
      '1 snapshot',
      '2 generation.running',
      '3 generation.succeeded',
    ])
  })

  test('after the end is 204, which tells browsers not to come back', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a brook' })
    const { response } = await follow(body.id, '3')
    expect(response.status).toBe(204)
  })

  test.each(['99', '-1', 'garbage', '1.5', ''])('from "%s" starts afresh', async (lastEventId) => {
    const { body } = await alice.generateAndWait({ prompt: 'a brook' })
    const { ended } = await follow(body.id, lastEventId)
    expect(brief(await ended)).toEqual(['3 snapshot', '3 generation.succeeded'])
  })

  test('after a failure tells of the next try, once somebody asks for it', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body } = await alice.generateAndWait({ prompt: 'a brook with trouble' })
    expect((await follow(body.id, '3')).response.status).toBe(204)
    app.gemini.behave({ kind: 'image' })
    await alice.generateAndWait({ prompt: 'a brook with trouble' })
    const events = await (await follow(body.id, '3')).ended
    expect(brief(events)).toEqual([
      '3 snapshot',
      '4 generation.queued',
      '5 generation.running',
      '6 generation.succeeded',
    ])
  })
})

test('200 readers of one generation all hear of its end, each with the image', async () => {
  const held = await holds.start(alice, 'a waterfall')
  const streams = await Promise.all(Array.from({ length: 200 }, () => follow(held.id)))
  held.open()
  for (const { ended } of streams) {
    const events = await ended
    expect(events.at(-1)?.event).toBe('generation.succeeded')
    expectConsistent(events)
  }
})

test('an event never carries an older state than the one it tells of', async () => {
  const { id } = await holds.start(alice, 'a whirlpool')
  const stream = await follow(id)
  await waitFor(() => stream.events.length, { what: 'the snapshot' })
  // The generation changes just after a reader has read it, and before that reader reads the events.
  await app.db.transaction().execute(async (tx) => {
    await sql`lock table generation_events in access exclusive mode`.execute(tx)
    await sql`select pg_notify(${GENERATION_CHANNEL}, ${id})`.execute(app.db)
    await waitFor(async () => (await countLockWaits(app.db, 'generation_events')) > 0, {
      what: 'the reader to wait',
    })
    await cancelQueuedOrRunning(tx, id, new AppError('canceled', 'Canceled.'))
  })
  const events = await stream.ended
  expect(events.at(-1)?.event).toBe('generation.canceled')
  expectConsistent(events)
})

test('a server that stops ends its streams, and the next one goes on where they were', async () => {
  const first = await startTestApp({ workers: 0, env: { SHUTDOWN_GRACE_MS: '600000' } })
  const client = await createClient(first)
  const { body } = await client.generate({ prompt: 'a well' })
  const { authorization } = client
  const stream = await openStream(body.urls.events, { authorization })
  await waitFor(() => stream.events.length, { what: 'the snapshot' })
  const stopping = first.stop()
  expect(brief(await stream.ended)).toEqual(['1 snapshot'])
  await stopping
})
