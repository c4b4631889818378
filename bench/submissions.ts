import { createPostgresBackend, Queue, withBackend } from 'bullmq'
import type pg from 'pg'
import { readInstallation, withDatabaseAt } from '../db/installation.ts'
import { prefixOf } from '../src/adapters/queue/enter-queue.ts'
import type { Disposables } from '../src/app/disposables.ts'
import { type Comparison, compare } from './compare.ts'
import { createMeter } from './meter.ts'
import type { Plan } from './plan.ts'
import { type Server, startContestants } from './programs.ts'
import { signToken, toRequest } from './requests.ts'
import { productionEnvironment, type Services } from './services.ts'

/** None has as many in flight as may be. */
const OWNERS = 1_000

/** New requests, beside a handler that makes one INSERT and one `add`; no worker takes them away. */
export const compareSubmissions = async (
  services: Services,
  client: pg.Client,
  plan: Plan,
  push: Disposables['push'],
): Promise<Comparison> => {
  const servers = await startContestants(productionEnvironment(services), push)
  const queues = await openQueues(services)
  push(() => Promise.all(queues.map((queue) => queue.close())))
  const tokens = await Promise.all(
    Array.from({ length: OWNERS }, (_, i) => signToken(`owner ${i}`)),
  )
  let counter = 0
  const requestsTo = (path: string) =>
    tokens.map((token) => ({
      ...toRequest(path, token, {}),
      setupRequest: (request: object) => ({
        ...request,
        body: JSON.stringify({
          prompt: `a red bicycle in front of house number ${counter++}, late afternoon light`,
          aspectRatio: '16:9',
        }),
      }),
    }))
  const prepare = async () => {
    for (const queue of queues) await queue.obliterate({ force: true })
    await client.query(`delete from generations where status = 'queued'`)
    await client.query('truncate generation_events')
    await client.query('truncate bare_submissions')
    await client.query('vacuum analyze generations, generation_events')
  }
  const check = async (answers: number) => {
    const { rows } = await client.query(
      `select count(*)::int as count from generations where status = 'queued'`,
    )
    const jobs = (await queues[0]?.getJobCounts()) ?? {}
    const total = Object.values(jobs).reduce((a, b) => a + b, 0)
    if (rows[0].count < answers || total < answers) {
      throw new Error(`${answers} answers, ${rows[0].count} rows, ${total} jobs`)
    }
  }
  const contestant = ({ url, pid }: Server, at: string) => ({
    load: { url, requests: requestsTo(at) },
    meter: createMeter(pid, client),
  })
  const contestants = {
    imageonce: contestant(servers.imageonce, '/api/visualize/generate'),
    fair: contestant(servers.fair, '/submit'),
    bare: contestant(servers.bare, '/submit'),
  }
  return compare({ contestants, status: 202, prepare, check }, plan)
}

/** Ours first, and that of the other two: in Redis each installation has its own prefix. */
const openQueues = async ({ databaseUrl, redisUrl }: Services): Promise<Queue[]> => {
  if (redisUrl) {
    const prefix = prefixOf(await withDatabaseAt(databaseUrl, readInstallation))
    const connection = { url: redisUrl }
    return [new Queue('imageonce', { connection, prefix }), new Queue('imageonce', { connection })]
  }
  const connection = { connectionString: databaseUrl, max: 2 }
  const OnPostgres = withBackend(createPostgresBackend).Queue
  return [new OnPostgres('imageonce', { connection }) as unknown as Queue]
}
