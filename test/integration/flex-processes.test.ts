import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createDatabase, type Database } from '../../db/database.ts'
import { createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { useProcesses } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

describeEachBackend('a worker with a call at the flex tier out', (backend) => {
  const { gemini, url, databaseUrl, run, execute } = useProcesses(backend)
  const env = { EAGER_TIER: 'flex', LEASE_MS: '1000', SWEEP_INTERVAL_MS: '200' }
  let db: Database

  beforeEach(() => {
    db = createDatabase({ url: databaseUrl(), poolSize: 1, onIdleError: () => {} })
  })
  afterEach(() => db.destroy())

  /** Asked for ahead of need, its call out and held until the result is called. */
  const start = async (prompt: string) => {
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    gemini().behave(async () => {
      if (gemini().countCalls(prompt) === 1) await opened
      return { kind: 'image' }
    })
    const token = async () => (await execute('token')).out.trim()
    const client = await createClient({ url: url(), token })
    const { body } = await client.generate({ prompt, lane: 'eager' })
    const call = await gemini().waitForCall((each) => each.prompt.includes(prompt))
    return { id: body.id, client, call, open }
  }

  const readAttempts = (generationId: string) =>
    db
      .selectFrom('attempts')
      .select(['tier', 'outcome', 'costNanoUsd', 'isEstimate'])
      .where('generationId', '=', generationId)
      .orderBy('id')
      .execute()

  test('that is killed loses no image, and what may have been charged is in the books', async () => {
    const [, first] = await Promise.all([run('api', env), run('worker', env)])
    const { id, client, call, open } = await start('a heron before the crash')
    first.signal('SIGKILL')
    await first.ended()
    await waitFor(() => call.abandoned, { what: 'the call to be cut' })
    await run('worker', env)
    const { body } = await client.waitForEnd(id)
    expect(body).toMatchObject({ status: 'succeeded', tier: 'standard' })
    expect(gemini().countCalls('a heron before the crash')).toBe(2)
    expect(await readAttempts(id)).toMatchObject([
      { tier: 'flex', outcome: null, costNanoUsd: 20_175_000, isEstimate: true },
      { tier: 'standard', outcome: 'image', costNanoUsd: 33_618_000, isEstimate: false },
    ])
    open()
  })

  test('that is told to stop waits for as long as such a call may take, without a job for it', async () => {
    const shipped = { ...env, SHUTDOWN_GRACE_MS: '' }
    const [, worker] = await Promise.all([run('api', env), run('worker', shipped)])
    const { id, client, open } = await start('a heron before the stop')
    worker.signal('SIGTERM')
    await waitFor(() => worker.output().includes('"graceMs":930000'), { what: 'the stop to begin' })
    open()
    expect(await worker.ended()).toMatchObject({ code: 0 })
    const { body } = await client.waitForEnd(id)
    expect(body).toMatchObject({ status: 'succeeded', tier: 'flex' })
    expect(gemini().countCalls('a heron before the stop')).toBe(1)
  })

  test('that must stop at once gives it back, and another one has it at half the price', async () => {
    const hasty = { ...env, SHUTDOWN_GRACE_MS: '500' }
    const [, first] = await Promise.all([run('api', env), run('worker', hasty)])
    const { id, client, open } = await start('a heron before the end')
    first.signal('SIGTERM')
    expect(await first.ended()).toMatchObject({ code: 0 })
    await run('worker', env)
    const { body } = await client.waitForEnd(id)
    expect(body).toMatchObject({ status: 'succeeded', tier: 'flex' })
    expect(await readAttempts(id)).toMatchObject([
      { tier: 'flex', outcome: 'interrupted', isEstimate: true },
      { tier: 'flex', outcome: 'image' },
    ])
    open()
  })
})
