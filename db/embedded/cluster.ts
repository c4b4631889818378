import type pg from 'pg'
import { messageOf, StartError } from '../../src/lib/errors.ts'
import { makeWhole } from './make-whole.ts'
import { runProgram } from './run-program.ts'
import type { Site } from './site.ts'
import { authenticationArguments } from './transport.ts'

/** Makes the database cluster unless it is there. */
export const ensureCluster = async (site: Site): Promise<void> => {
  try {
    await makeWhole(site.dataPath, 'PG_VERSION', (unfinished) => initialise(site, unfinished))
  } catch (cause) {
    const message = `The database could not be made in ${site.dataPath}: ${messageOf(cause)}`
    throw new StartError(message, { cause })
  }
}

/** Postgres's own Unicode collation, so that no text sorts differently after an upgrade of the system. */
const LOCALE = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']

const initialise = async ({ home, binaries, user }: Site, dataPath: string) => {
  const result = await runProgram(
    binaries.initdb,
    [
      ...['--pgdata', dataPath, '--username=postgres', '--encoding=UTF8', '--no-instructions'],
      ...LOCALE,
      ...(await authenticationArguments(home)),
    ],
    user,
  )
  if (!result.ok) throw new Error(result.reason)
}

/** Makes a database in a running cluster unless it is there. */
export const ensureDatabase = async (client: pg.Client, name: string): Promise<void> => {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
  if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`)
}
