import { mkdir, realpath, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { messageOf, StartError } from '../../src/lib/errors.ts'
import { pathExists } from './path-exists.ts'
import { ensurePrivateFolder, shortHash } from './private-folder.ts'
import { runProgram, type ServerUser } from './run-program.ts'
import { findUnprivilegedUser } from './unprivileged.ts'

export type Location = {
  home: string
  /** Set when we are root, whom Postgres refuses. */
  user?: ServerUser | undefined
  note?: string
}

/** Where the cluster lives and who runs it: in the data directory, wherever the server's account can reach it. */
export const chooseLocation = async (dataDir: string): Promise<Location> => {
  const root = await makeDataDirectory(dataDir)
  const home = join(root, 'postgres')
  if (process.getuid?.() !== 0) {
    await ensurePrivateFolder(home, undefined)
    return { home }
  }
  return chooseAsRoot(home)
}

const makeDataDirectory = async (dataDir: string) => {
  try {
    await mkdir(dataDir, { recursive: true })
    return await realpath(dataDir)
  } catch (cause) {
    const message = `DATA_DIR cannot be made (${messageOf(cause)}): give a folder that this user may write to.`
    throw new StartError(message, { cause })
  }
}

/** A cluster that exists stays where it is, so that its data is found. */
const chooseAsRoot = async (home: string): Promise<Location> => {
  const elsewhere = ['/var/lib/imageonce', join(tmpdir(), 'imageonce-root')]
  const candidates = [home, ...elsewhere.map((folder) => join(folder, shortHash(home)))]
  const used = await findUsed(candidates)
  const obstacles: string[] = []
  for (const candidate of used ? [used] : candidates) {
    const user = await findUnprivilegedUser(candidate)
    const obstacle = await prepareHome(candidate, user, candidate !== home)
    if (!obstacle) return { home: candidate, user, ...(candidate !== home && explain(candidate)) }
    obstacles.push(`  - ${obstacle}`)
  }
  throw new StartError(`There is no place for the database:\n${obstacles.join('\n')}`)
}

const explain = (home: string) => ({
  note: `The database is in ${home}: Postgres refuses to run as root, and its user cannot reach the data directory.`,
})

const findUsed = async (homes: string[]) => {
  for (const home of homes) {
    if (await pathExists(join(home, 'data', 'PG_VERSION'))) return home
  }
  return undefined
}

/** Says why not, when the user cannot work there. */
const prepareHome = async (
  home: string,
  user: ServerUser,
  isElsewhere: boolean,
): Promise<string | undefined> => {
  try {
    if (isElsewhere) await ensurePrivateFolder(dirname(home), undefined, 0o755)
    await ensurePrivateFolder(home, user)
  } catch (error) {
    return messageOf(error)
  }
  // Asked as that user: permissions of all parents, mount options and the like decide.
  const script = '[ -r "$1" ] && [ -w "$1" ] && [ -x "$1" ]'
  const result = await runProgram('/bin/sh', ['-c', script, 'sh', home], user)
  if (result.ok) return undefined
  await rmdir(home).catch(() => {})
  return `The user ${user.name} cannot reach ${home}`
}
