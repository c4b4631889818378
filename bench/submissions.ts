import { createPostgresBackend, Queue, withBackend } from 'bullmq'
import type pg from 'pg'
import type { Disposables } from '../src/app/disposables.ts'
import { type Comparison, compare } from './compare.ts'
import { createMeter } from './meter.ts'
import type { Plan } from './plan.ts'
import { type Server, startContestants } from './programs.ts'
import { signToken, toRequest } from './requests.ts'
import { productionEnvironment, type Services } from './services.ts'

const OWNERS = 50

/** New requests, beside a handler that makes one INSERT and one `add`; no worker takes them away. */
export const compareSubmissions = async (
  services: Services,
  client: pg.Client,
  plan: Plan,
  push: Disposables['push'],
): Promise<Comparison> => {
  const servers = await startContestants(productionEnvironment(services), push)
  const queue = openQueue(services)
  push(() => queue.close())
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
    await queue.obliterate({ force: true })
    await client.query(`delete from generations where status = 'queued'`)
    await client.query('truncate bare_submissions')
    await client.query('vacuum analyze generations, generation_events')
  }
  const check = async (answers: number) => {
    const { rows } = await client.query(
      `select count(*)::int as count from generations where status = 'queued'`,
    )
    const jobs = await queue.getJobCounts()
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

const openQueue = ({ databaseUrl, redisUrl }: Services) => {
  if (redisUrl) return new Queue('imageonce', { connection: { url: redisUrl } })
  const connection = { connectionString: databaseUrl, max: 2 }
  return new (withBackend(createPostgresBackend).Queue)('imageonce', {
    connection,
  }) as unknown as Queue
}
