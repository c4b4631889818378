import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type TemporaryFolder = { path: string; remove(): Promise<void> }

/** A new folder that other accounts can enter, as the embedded Postgres of a run as root needs. */
export const makeTemporaryFolder = async (
  name: string,
  parent = tmpdir(),
): Promise<TemporaryFolder> => {
  const path = await mkdtemp(join(parent, `imageonce-${name}-`))
  await chmod(path, 0o755)
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}
