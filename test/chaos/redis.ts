import { Redis } from 'ioredis'
import { findFreePort } from '../support/free-port.ts'
import { findOnPath } from '../support/programs.ts'
import { startRedisServer } from '../support/test-redis.ts'

/** A Redis of one's own that can be emptied, stopped and started again at the same address. */
export const startOwnRedis = async () => {
  const program = findOnPath('redis-server')
  if (!program) throw new Error('redis-server is not installed')
  const port = await findFreePort()
  const start = () => startRedisServer(program, port)
  let server = await start()

  /** Forgets everything, as a Redis without persistence does when it starts again. */
  const flush = async (): Promise<void> => {
    const redis = new Redis(server.url, { maxRetriesPerRequest: 1, retryStrategy: () => null })
    redis.on('error', () => {})
    await redis.flushall().finally(() => redis.disconnect())
  }
  const stop = () => server.stop()
  const startAgain = async (): Promise<void> => {
    server = await start()
  }
  return { url: server.url, flush, stop, startAgain }
}
