import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createDatabase, type Database } from '../../db/database.ts'
import { createGeminiPrices } from '../../src/adapters/providers/gemini-prices.ts'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import { createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { useProcesses } from '../support/processes.ts'
import type { Program } from '../support/program.ts'
import { waitFor } from '../support/wait-for.ts'

/** Longer than a test may take: a process that uses it up fails its test. */
const NEVER_MS = '600000'

/** A call and its storing, at most. */
const CALL_MS = 150_000
/** The default model's list price. */
const PRICE_NANO_USD = createGeminiPrices(builtInPrices).estimateCall(
  'gemini-nano-banana-2.1',
  '1K',
)

describeEachBackend('a process that is told to stop', (backend) => {
  const { gemini, url, databaseUrl, run, execute } = useProcesses(backend)
  let db: Database
  const releases: (() => unknown)[] = []

  beforeEach(() => {
    db = createDatabase({ url: databaseUrl(), poolSize: 1, onIdleError: () => {} })
  })
  afterEach(async () => {
    for (const release of releases.splice(0)) release()
    await db.destroy()
  })

  const signIn = async () => {
    const token = async () => (await execute('token')).out.trim()
    return createClient({ url: url(), token })
  }

  /** Sends requests on one connection, and collects what comes. */
  const openConnection = async (authorization: string) => {
    const socket = connect(Number(new URL(url()).port))
    releases.push(() => socket.destroy())
    const met = { text: '', end: '' }
    socket.on('data', (chunk) => {
      met.text += chunk
    })
    socket.on('error', ({ message }) => {
      met.end ||= message
    })
    socket.on('close', () => {
      met.end ||= 'closed'
    })
    await once(socket, 'connect')
    const get = (path: string, headers = '') =>
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n${headers}\r\n`,
      )
    return { get, met }
  }

  /** Waits for the end, which must be an orderly one. */
  const terminate = async (program: Program): Promise<void> => {
    program.signal('SIGTERM')
    const { code, out, err } = await program.ended()
    if (code !== 0) throw new Error(`exited with ${code}: ${out}${err}`)
  }

  const readLife = async (generationId: string) => {
    const { status, claims, paidCalls, costNanoUsd } = await db
      .selectFrom('generations')
      .select(['status', 'claims', 'paidCalls', 'costNanoUsd'])
      .where('id', '=', generationId)
      .executeTakeFirstOrThrow()
    const attempts = await db
      .selectFrom('attempts')
      .select(['outcome', 'finishedAt', 'isEstimate', 'costNanoUsd'])
      .where('generationId', '=', generationId)
      .orderBy('id')
      .execute()
    const events = await db
      .selectFrom('generationEvents')
      .select(['type', 'createdAt'])
      .where('generationId', '=', generationId)
      .where('sequence', 'is not', null)
      .orderBy('sequence')
      .execute()
    return { status, claims, paidCalls, costNanoUsd, attempts, events }
  }

  test('the api answers what is under way, ends its streams and resets nobody', async () => {
    const api = await run('api', { SHUTDOWN_GRACE_MS: NEVER_MS })
    const client = await signIn()
    const { body } = await client.generate({ prompt: 'a lighthouse' })
    const path = `/api/generations/${body.id}`
    const [waiting, streaming, resting] = await Promise.all(
      Array.from({ length: 3 }, () => openConnection(client.authorization)),
    )
    if (!waiting || !streaming || !resting) throw new Error('three connections')
    waiting.get(path, 'Prefer: wait=30\r\n')
    streaming.get(`${path}/events`)
    resting.get('/readyz')
    await waitFor(() => /snapshot/.test(streaming.met.text) && /"ok"/.test(resting.met.text), {
      what: 'the first answers',
    })

    const stopping = terminate(api)
    await waitFor(() => /\nretry: \d+\n\n\r\n0\r\n/.test(streaming.met.text.slice(-40)), {
      what: 'the end of the stream',
    })
    await waitFor(() => /HTTP\/1\.1 200[\s\S]*"queued"/.test(waiting.met.text), {
      what: 'the answer of the long poll',
    })
    resting.get('/readyz')
    await waitFor(() => /HTTP\/1\.1 503[\s\S]*Connection: close/.test(resting.met.text), {
      what: 'a failing readiness',
    })
    await stopping
    for (const { met } of [waiting, streaming, resting]) {
      await waitFor(() => met.end, { what: 'the end' })
      expect(met.end).toBe('closed')
    }
  })

  test('the api ends at once when no connection is open', async () => {
    await terminate(await run('api', { SHUTDOWN_GRACE_MS: NEVER_MS }))
  })

  const impatient = async (first: Program, call: { abandoned: boolean }): Promise<void> => {
    // What comes within two seconds is the same signal, and what comes while a process exits ends it in Node's place.
    await waitFor(() => call.abandoned || !first.signal('SIGTERM'), { what: 'the call to be cut' })
    expect(await first.ended()).toMatchObject({ code: 0 })
  }

  test.each<[string, string, (first: Program, call: { abandoned: boolean }) => Promise<void>]>([
    ['what does not end in time', '1000', terminate],
    ['what runs, at a second signal', NEVER_MS, impatient],
  ])('the worker gives back %s, and another one has it at once', async (_name, graceMs, end) => {
    // Without what looks for lost jobs.
    const env = { SWEEP_INTERVAL_MS: '60000' }
    const grace = { SHUTDOWN_GRACE_MS: graceMs }
    const [, first] = await Promise.all([run('api'), run('worker', { ...env, ...grace })])
    const isCut = Number(graceMs) < CALL_MS
    expect(first.output().includes(`SHUTDOWN_GRACE_MS is ${graceMs}`)).toBe(isCut)
    const client = await signIn()
    const isOurs = ({ prompt }: { prompt: string }) => prompt.includes('in fog')
    gemini().behave((call) => ({
      kind: isOurs(call) && gemini().countCalls('in fog') === 1 ? 'hang' : 'image',
    }))
    const { body } = await client.generate({ prompt: 'a lighthouse in fog', variant: graceMs })
    const call = await gemini().waitForCall(isOurs)
    await run('worker', env)
    await end(first, call)
    await waitFor(() => call.abandoned, { what: 'the call to be given up' })
    await waitFor(async () => (await readLife(body.id)).status === 'succeeded', {
      what: 'the other worker',
    })

    const { claims, paidCalls, costNanoUsd, attempts, events } = await readLife(body.id)
    // Of what the asking may cost, the call that we cut off has used up nothing.
    expect({ claims, paidCalls }).toEqual({ claims: 1, paidCalls: 1 })
    const [cut, made] = attempts
    expect(cut).toMatchObject({
      outcome: 'interrupted',
      isEstimate: true,
      costNanoUsd: PRICE_NANO_USD,
    })
    expect(made).toMatchObject({ outcome: 'image', isEstimate: false })
    expect(costNanoUsd).toBe(PRICE_NANO_USD + (made?.costNanoUsd ?? 0))
    expect(attempts.every(({ finishedAt }) => finishedAt)).toBe(true)
    const story = events.map(({ type }) => type.replace('generation.', '')).join(' ')
    expect(story).toBe('queued running queued running succeeded')
    expect(gemini().countCalls('in fog')).toBe(2)
  })

  test('the worker finishes what it has begun, and begins nothing more', async () => {
    // As it is shipped.
    const [, worker] = await Promise.all([run('api'), run('worker', { SHUTDOWN_GRACE_MS: '' })])
    const client = await signIn()
    gemini().behave({ kind: 'delay', ms: 1_000 })
    const { body: begun } = await client.generate({ prompt: 'a lighthouse at dusk' })
    await gemini().waitForCall(({ prompt }) => prompt.includes('at dusk'))
    // As a terminal and npm both send it.
    const stopping = terminate(worker)
    worker.signal('SIGINT')
    await waitFor(() => worker.output().includes('stopping'), { what: 'the signal to arrive' })
    const { body: late } = await client.generate({ prompt: 'a lighthouse at dawn' })
    await stopping
    expect(await readLife(begun.id)).toMatchObject({ status: 'succeeded', claims: 1 })
    expect(await readLife(late.id)).toMatchObject({ status: 'queued', claims: 0 })
    expect(gemini().countCalls('at dusk')).toBe(1)
    expect(gemini().countCalls('at dawn')).toBe(0)
  })
})
