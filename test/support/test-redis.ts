import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { findFreePort } from './free-port.ts'
import { findOnPath } from './programs.ts'
import type { Release } from './services.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

/** The Redis of a test run. */
export const startRedis = async (environment: NodeJS.ProcessEnv): Promise<Release[]> => {
  const program = findOnPath('redis-server')
  if (environment.TEST_REDIS_URL || !program) return []
  const redis = await startRedisServer(program)
  environment.TEST_REDIS_URL = redis.url
  return [redis.stop]
}

export type RedisServer = { url: string; pid: number | undefined; stop: () => Promise<void> }

/** A Redis of one's own, to be broken at will; on a free port unless one is given. `stop` may be called again. */
export const startRedisServer = async (
  program: string,
  wantedPort?: number,
): Promise<RedisServer> => {
  const folder = await makeTemporaryFolder('redis')
  const port = wantedPort ?? (await findFreePort())
  const child = spawn(
    program,
    [
      ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder.path],
      ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  )
  const stop = () => end(child).finally(folder.remove)
  try {
    await untilReady(child)
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `redis://127.0.0.1:${port}`, pid: child.pid, stop }
}

const untilReady = async (child: ChildProcess) => {
  if (!child.stdout) throw new Error('redis-server has no output')
  const printed: string[] = []
  for await (const line of createInterface(child.stdout)) {
    printed.push(line)
    if (!line.includes('Ready to accept connections')) continue
    child.stdout.resume()
    return
  }
  throw new Error(`redis-server does not start:\n${printed.join('\n')}`)
}

const end = async (child: ChildProcess) => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
