import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startEmbeddedPostgres } from '../../db/embedded/embedded-postgres.ts'

let prepared: Promise<string> | undefined

/** Puts an embedded Postgres into a data directory as an earlier start would have left it: making one takes a second. */
export const copyPreparedCluster = async (dataDir: string): Promise<void> => {
  prepared ??= prepare()
  await mkdir(dataDir, { recursive: true })
  // With owners and times, as only the server's account may read it.
  await promisify(execFile)('cp', ['-a', join(await prepared, 'postgres'), dataDir])
}

/** In the folder of the run, which goes with it. */
const prepare = async (): Promise<string> => {
  const dataDir = join(tmpdir(), `prepared-cluster-${process.pid}`)
  const postgres = await startEmbeddedPostgres({ dataDir })
  await postgres.stop()
  return dataDir
}
