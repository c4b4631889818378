import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { createDatabase, type Database } from '../../db/database.ts'
import { createClient } from '../support/client.ts'
import { describeBothBackends } from '../support/each-backend.ts'
import { findFaketime, removeFaketimeRemains } from '../support/faketime.ts'
import { useProcesses } from '../support/processes.ts'
import { describeWhen } from '../support/skip.ts'
import { waitFor } from '../support/wait-for.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'
import { register } from '../support/webhooks.ts'

const library = findFaketime()

const define = () =>
  describeBothBackends('a worker whose clock is an hour fast', (backend) => {
    const { gemini, url, databaseUrl, run, execute } = useProcesses(backend)
    let db: Database
    let receiver: WebhookReceiver

    beforeAll(async () => {
      receiver = await startWebhookReceiver()
      db = createDatabase({ url: databaseUrl(), poolSize: 1, onIdleError: () => {} })
    })
    afterAll(async () => {
      await db.destroy()
      await receiver.close()
    })

    const find = (id: string) =>
      db
        .selectFrom('generations')
        .select(['status', 'runAfter', 'finishedAt', sql<Date>`now()`.as('asOf')])
        .where('id', '=', id)
        .executeTakeFirstOrThrow()

    test('and that dies holds up nothing, and what it wrote has the time of Postgres', async () => {
      const env = { LEASE_MS: '1000', SWEEP_INTERVAL_MS: '300', WEBHOOK_ALLOW_PRIVATE: 'true' }
      const hourFast = { LD_PRELOAD: library ?? '', FAKETIME: '+1h', ...ONLY_THE_TIME_OF_DAY }
      const [, fast] = await Promise.all([run('api', env), run('worker', { ...env, ...hourFast })])
      const token = async () => (await execute('token')).out.trim()
      const client = await createClient({ url: url(), token })

      const { secret } = await register(client, { url: `${receiver.url}/told` })
      const made = await client.generateAndWait({ prompt: 'made' })
      const { finishedAt, asOf } = await find(made.body.id)
      const { body: listed } = await client.call<Listed>('GET', '/api/images')
      const generatedAt = Date.parse(listed.images[0]?.generatedAt ?? '')
      for (const at of [generatedAt, Number(finishedAt)]) {
        expect(Math.abs(Number(asOf) - at)).toBeLessThan(60_000)
      }

      // Its library takes a signature of the last five minutes.
      const [told] = await receiver.waitForCount('/told', 1)
      expect(told?.verify(secret).data).toMatchObject({ id: made.body.id })

      let isOver = false
      gemini().behave(({ prompt }) => {
        if (isOver) return { kind: 'image' }
        if (prompt.includes('held')) return { kind: 'hang' }
        return { kind: 'rate_limited', retryDelay: '2s' }
      })
      const held = await client.generate({ prompt: 'held' })
      await gemini().waitForCall(({ prompt }) => prompt.includes('held'))
      const delayed = await client.generate({ prompt: 'delayed' })
      await waitFor(async () => (await find(delayed.body.id)).runAfter !== null, {
        what: 'the next try to be put off',
      })
      fast.signal('SIGKILL')
      await fast.ended()
      await removeFaketimeRemains(fast.pid)
      isOver = true

      await run('worker', env)
      for (const { body } of [delayed, held]) {
        await waitFor(async () => (await find(body.id)).status === 'succeeded', {
          what: `the image that was ${body.prompt}`,
        })
      }
    })
  })

type Listed = { images: { generatedAt: string }[] }

/** Timers go on by what they have always gone by. */
const ONLY_THE_TIME_OF_DAY = { DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' }

describeWhen(library !== undefined, 'no libfaketime installed', 'a clock that is wrong', define)
