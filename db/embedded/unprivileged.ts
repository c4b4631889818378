import { stat } from 'node:fs/promises'
import { StartError } from '../../src/lib/errors.ts'
import { runProgram, type ServerUser } from './run-program.ts'

/**
 * Whom the server runs as when we are root, which Postgres refuses: the owner of `home` if it exists,
 * else an account that every system has.
 */
export const findUnprivilegedUser = async (home: string): Promise<ServerUser> => {
  const owner = await findOwner(home)
  if (owner) return owner
  for (const name of ['postgres', 'nobody']) {
    const uid = await findId('-u', name)
    const gid = await findId('-g', name)
    if (uid && gid) return { name, uid, gid }
  }
  throw new StartError(
    'Postgres refuses to run as root, and there is neither a user postgres nor nobody: start as another user, or set DATABASE_URL',
  )
}

const findOwner = async (home: string): Promise<ServerUser | undefined> => {
  const found = await stat(home).catch(() => undefined)
  if (!found || found.uid === 0) return undefined
  return { name: String(found.uid), uid: found.uid, gid: found.gid }
}

const findId = async (option: '-u' | '-g', name: string): Promise<number | undefined> => {
  const result = await runProgram('id', [option, name])
  if (!result.ok) return undefined
  // macOS prints the ids of nobody as -2.
  return Number(result.output) >>> 0
}
