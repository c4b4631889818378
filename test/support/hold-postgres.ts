import { startEmbeddedPostgres } from '../../db/embedded/embedded-postgres.ts'

export type HeldPostgres = { databaseUrl: string; location: string }

// Run as a program: starts the embedded Postgres, tells where it is, and stops it when told to end.
const [, , dataDir = ''] = process.argv
const { databaseUrl, location, stop } = await startEmbeddedPostgres({ dataDir })
process.once('SIGTERM', stop)
console.log(JSON.stringify({ databaseUrl, location } satisfies HeldPostgres))
