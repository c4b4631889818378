import { Redis } from 'ioredis'
import { findFreePort } from '../support/free-port.ts'
import { findOnPath } from '../support/programs.ts'
import { startRedisServer } from '../support/test-redis.ts'

export type OwnRedis = Awaited<ReturnType<typeof startOwnRedis>>

/** A Redis of one's own that can be emptied, frozen, starved, stopped and started again at the same address. */
export const startOwnRedis = async () => {
  const program = findOnPath('redis-server')
  if (!program) throw new Error('redis-server is not installed')
  const port = await findFreePort()
  const start = () => startRedisServer(program, port)
  let server = await start()

  const use = async <T>(work: (redis: Redis) => Promise<T>): Promise<T> => {
    const redis = new Redis(server.url, { maxRetriesPerRequest: 1, retryStrategy: () => null })
    redis.on('error', () => {})
    return work(redis).finally(() => redis.disconnect())
  }
  /** Forgets everything, as a Redis without persistence does when it starts again. */
  const flush = async (): Promise<void> => {
    await use((redis) => redis.flushall())
  }
  const configure = async (name: string, value: string): Promise<void> => {
    await use((redis) => redis.config('SET', name, value))
  }
  /** A figure of its `INFO`. */
  const readInfo = async (name: 'used_memory' | 'evicted_keys'): Promise<number> => {
    const info = await use((redis) => redis.info())
    return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1])
  }

  const countKeys = (pattern: string): Promise<number> =>
    use(async (redis) => (await redis.keys(pattern)).length)

  const signal = (name: NodeJS.Signals) => {
    if (server.pid !== undefined) process.kill(server.pid, name)
  }
  const thaw = () => signal('SIGCONT')
  const stop = () => {
    // A frozen one does not hear that it is to end.
    thaw()
    return server.stop()
  }
  const startAgain = async (): Promise<void> => {
    server = await start()
  }
  return {
    url: server.url,
    port,
    flush,
    configure,
    readInfo,
    countKeys,
    freeze: () => signal('SIGSTOP'),
    thaw,
    stop,
    startAgain,
  }
}
