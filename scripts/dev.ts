import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startEmbeddedPostgres } from '../db/embedded/embedded-postgres.ts'
import { type Config, environment, parseConfig } from '../src/app/config.ts'
import { type Life, runCommand, runUntilSignal, STOP_MARGIN_MS } from '../src/app/process.ts'
import { resolveSecrets } from '../src/app/secrets.ts'
import { signToken } from '../src/cli/token.ts'
import { startPages } from './dev/pages.ts'
import { createService } from './dev/service.ts'

/*
 * The loop of development: the pages as vite serves them, and behind them the API and the worker, which start again
 * when their sources change. The database is this process's, so that it outlives them.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const runDevelopment = async ({ push, signal }: Life): Promise<void> => {
  const config = parseConfig(environment)
  const databaseUrl = config.database.url ?? (await startDatabase(config, { push, signal }))
  const service = await createService(ROOT, { ...environment, DATABASE_URL: databaseUrl })
  push(service.stop)
  const pages = await startPages(ROOT, config.http, service)
  push(pages.stop)
  signal.throwIfAborted()
  service.restart()
  const isRunning = await service.isRunning()
  printAddresses(pages.url, await findToken(config), isRunning)
}

const startDatabase = async (
  { dataDir }: Config,
  { push, signal }: Pick<Life, 'push' | 'signal'>,
): Promise<string> => {
  await mkdir(dataDir, { recursive: true })
  const onLost = () => console.error('The embedded Postgres is gone: start again.')
  const postgres = await startEmbeddedPostgres({ dataDir, signal, onLost })
  push(postgres.stop)
  if (postgres.note) console.log(postgres.note)
  return postgres.databaseUrl
}

/** An operator's; none where tokens come from elsewhere. */
const findToken = async (config: Config): Promise<string | undefined> => {
  const secrets = await resolveSecrets(config)
  return signToken(secrets, { owner: 'dev', admin: true }).catch(() => undefined)
}

const printAddresses = (url: string, token: string | undefined, isRunning: boolean): void => {
  const seconds = (performance.now() / 1_000).toFixed(1)
  console.log(`
${isRunning ? 'imageonce is ready' : 'The pages are ready, API and worker are not'} (${seconds} s after start)

  dashboard  ${token ? `${url}/#token=${token}` : url}
  studio     ${url}/studio/
  reference  ${url}/docs/
  API        ${url}/api

A page that you save is loaded again by the browser; API and worker start again when a file of theirs is saved.
Ctrl-C stops everything.
`)
}

const life = { patienceMs: STOP_MARGIN_MS, onReleaseError: console.error }
await runCommand(() => runUntilSignal(runDevelopment, life))
