import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findFreePort } from './free-port.ts'
import { startPostgresProxy } from './postgres-proxy.ts'
import { findOnPath } from './programs.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

export type PoolMode = 'session' | 'transaction' | 'statement'

export type PgBouncer = Awaited<ReturnType<typeof startPgBouncer>>

/** Whom it runs as when we are root, which it refuses to be. */
const NOBODY = { uid: 65_534, gid: 65_534 }

export const PGBOUNCER = findOnPath('pgbouncer')

/**
 * A real PgBouncer with its default settings, which leads to all databases of the same server in session mode, and to this one in
 * the other modes too. Release with `stop`.
 */
export const startPgBouncer = async (databaseUrl: string) => {
  if (!PGBOUNCER) throw new Error('There is no pgbouncer')
  const folder = await makeTemporaryFolder('pgbouncer')
  // It reaches no socket in the folder of another account.
  const upstream = await startPostgresProxy(databaseUrl)
  const port = await findFreePort()
  const { pathname, username } = new URL(databaseUrl)
  const name = pathname.slice(1)
  const server = `host=127.0.0.1 port=${upstream.port} user=${username}`
  const databases = [
    `* = ${server}`,
    `transaction = ${server} dbname=${name} pool_mode=transaction`,
    `statement = ${server} dbname=${name} pool_mode=statement`,
  ]
  const ini = join(folder.path, 'pgbouncer.ini')
  const settings = [
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
  ]
  await writeFile(ini, ['[databases]', ...databases, '[pgbouncer]', ...settings, ''].join('\n'))
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chown(folder.path, NOBODY.uid, NOBODY.gid)
  const child = spawn(PGBOUNCER, [ini], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(isRoot && NOBODY),
  })
  const exited = once(child, 'exit')
  const printed: string[] = []
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
    await upstream.close()
    await folder.remove()
  }
  for await (const line of createInterface(child.stderr)) {
    printed.push(line)
    if (line.includes('process up')) break
  }
  if (child.exitCode !== null) {
    await stop()
    throw new Error(`PgBouncer does not start:\n${printed.join('\n')}`)
  }
  child.stderr.resume()
  const urlOf = (mode: PoolMode, database = name) =>
    `postgres://${username}@127.0.0.1:${port}/${mode === 'session' ? database : mode}`
  return { urlOf, stop }
}
