import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach } from '@jest/globals'
import pg from 'pg'
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../db/embedded/embedded-postgres.ts'
import { buildProgram } from './build-programs.ts'
import type { HeldPostgres } from './hold-postgres.ts'
import { copyPreparedCluster } from './prepared-cluster.ts'
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

/** A new data directory for each test, and servers on it that end with the test. */
export const useEmbeddedPostgres = ({ isPrepared = false } = {}) => {
  let folder: TemporaryFolder
  let started: EmbeddedPostgres[]
  let holders: ChildProcess[]
  beforeEach(async () => {
    folder = await makeTemporaryFolder('embedded')
    if (isPrepared) await copyPreparedCluster(folder.path)
    started = []
    holders = []
  })
  afterEach(async () => {
    for (const holder of holders) await endProcess(holder, 'SIGTERM')
    for (const postgres of started) await postgres.stop()
    await folder.remove()
  })

  const start = async (options: Partial<EmbeddedPostgresOptions> = {}) => {
    const postgres = await startEmbeddedPostgres({ dataDir: folder.path, ...options })
    started.push(postgres)
    return postgres
  }

  /** Starts one in a process of its own, which may be killed. */
  const spawnHolder = async (user: { uid?: number; gid?: number } = {}) => {
    const holder = spawn(
      process.execPath,
      [await buildProgram('test/support/hold-postgres'), folder.path],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        ...user,
      },
    )
    holders.push(holder)
    return holder
  }

  return { dataDir: () => folder.path, start, spawnHolder }
}

export const readHeld = async ({ stdout }: ChildProcess): Promise<HeldPostgres> => {
  if (stdout) for await (const line of createInterface(stdout)) return JSON.parse(line)
  throw new Error('the process ended before it had a server')
}

export const endProcess = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

export const query = async ({ databaseUrl }: { databaseUrl: string }, sql: string) => {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

export const findServerPid = async (postgres: { databaseUrl: string }): Promise<number> => {
  const [row] = await query(postgres, `select pg_read_file('postmaster.pid') as file`)
  return Number.parseInt(row.file, 10)
}
