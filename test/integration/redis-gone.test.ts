import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { findOnPath } from '../support/programs.ts'
import { describeWhen } from '../support/skip.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { startRedisServer } from '../support/test-redis.ts'
import { waitFor } from '../support/wait-for.ts'

const program = findOnPath('redis-server')

describeWhen(program !== undefined, 'no redis-server on the PATH', 'with Redis gone', () => {
  let redis: Awaited<ReturnType<typeof startRedisServer>>
  let app: TestApp

  beforeEach(async () => {
    redis = await startRedisServer(program ?? '')
    app = await startTestApp({ backend: 'redis', env: { REDIS_URL: redis.url } })
  })
  afterEach(async () => {
    await app.stop()
    await redis.stop()
  })

  test('a submission is still accepted, and waits in Postgres', async () => {
    const alice = await createClient(app)
    await alice.generateAndWait({ prompt: 'before' })
    await redis.stop()
    const { status, body } = await alice.generate({ prompt: 'during' })
    expect(status).toBe(202)
    expect(body.status).toBe('queued')
    const known = await alice.generate({ prompt: 'before' })
    expect(known.body).toMatchObject({ status: 'succeeded', isExisting: true })
  })

  test('work goes on after its connections were lost without a word', async () => {
    const proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(redis.url).port) })
    const REDIS_URL = `redis://127.0.0.1:${proxy.port}`
    const behindProxy = await startTestApp({ backend: 'redis', env: { REDIS_URL } })
    try {
      const alice = await createClient(behindProxy)
      await alice.generateAndWait({ prompt: 'before' })
      proxy.swallow()
      const { status, body } = await alice.generate({ prompt: 'during' })
      expect(status).toBe(202)
      await proxy.mend()
      await waitFor(async () => (await alice.get(body.id)).body.status === 'succeeded', {
        what: 'the work to go on',
      })
    } finally {
      await behindProxy.stop()
      await proxy.close()
    }
  })

  test('both processes stop', async () => {
    await redis.stop()
    await app.stop()
  })
})
