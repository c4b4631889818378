import { execFile } from 'node:child_process'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from '@jest/globals'
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../db/embedded/embedded-postgres.ts'
import { migrateToLatest } from '../../db/migrate.ts'
import { migrateQueue } from '../../src/adapters/queue/prepare.ts'
import { startTestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { query } from '../support/embedded.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { copyPreparedCluster } from '../support/prepared-cluster.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

const releases: (() => unknown)[] = []

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

const start = async (dataDir: string): Promise<EmbeddedPostgres> => {
  const postgres = await startEmbeddedPostgres({ dataDir })
  releases.push(postgres.stop)
  return postgres
}

/** A primary with our tables, and a standby that follows it. */
const startPair = async () => {
  const folder = await makeTemporaryFolder('failover')
  releases.push(folder.remove)
  const [first, second] = [join(folder.path, 'a'), join(folder.path, 'b')]
  await copyPreparedCluster(first)
  const { databaseUrl, stop } = await start(first)
  await migrateToLatest(databaseUrl)
  await migrateQueue(databaseUrl)
  const host = new URL(databaseUrl).searchParams.get('host')
  await stop()
  await mkdir(second)
  await promisify(execFile)('cp', ['-a', join(first, 'postgres'), second])
  const data = join(second, 'postgres', 'data')
  await writeFile(join(data, 'standby.signal'), '')
  await appendFile(
    join(data, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=${host} port=5432 user=postgres'\n`,
  )
  return { primary: await start(first), standby: await start(second) }
}

test('a failover costs no image its URL and no request its placeholder, and is over by itself', async () => {
  const { primary, standby } = await startPair()
  const proxy = await startPostgresProxy(primary.databaseUrl)
  releases.push(proxy.close)
  const app = await startTestApp({ env: { DATABASE_URL: proxy.url } })
  releases.push(app.stop)
  const alice = await createClient(app)
  const { body: before } = await alice.generateAndWait({ prompt: 'before' })
  const caughtUp = `select count(*)::int as count from generations where status = 'succeeded'`
  await waitFor(async () => (await query(standby, caughtUp))[0]?.count === 1, {
    what: 'the standby to have caught up',
  })

  await primary.stop()
  proxy.redirect(standby.databaseUrl)
  const showImage = async () => {
    const answer = await fetch(before.imageUrl)
    await answer.arrayBuffer()
    return [answer.status, answer.headers.get('imageonce-placeholder')]
  }
  expect(await showImage()).toEqual([200, null])
  // Now and then a connection has ended since it was last used.
  await waitFor(async () => (await alice.get(before.id)).status === 200, { what: 'a read' })
  const body = { prompt: 'during' }
  const refused = await alice.fail('POST', '/api/visualize/generate', { body })
  expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable', isPlaceholder: true } })
  expect(refused.headers.get('retry-after')).toBe('2')
  expect((await alice.call('GET', '/readyz')).body).toMatchObject({
    reasons: { database: expect.stringContaining('it is a standby') },
  })
  expect(await showImage()).toEqual([200, null])

  await query(standby, 'select pg_promote()')
  const done = await waitFor(
    async () => {
      const answer = await alice.generate(body, { Prefer: 'wait=5' })
      return answer.status === 200 && answer.body
    },
    { what: 'the service to be back' },
  )
  expect(done.status).toBe('succeeded')
  const again = await alice.generate({ prompt: 'before' })
  expect(again.body).toMatchObject({ id: before.id, reuse: { source: 'exact' } })
  expect(app.gemini.countCalls()).toBe(2)
})
