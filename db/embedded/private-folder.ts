import { createHash } from 'node:crypto'
import { chmod, chown, lstat, mkdir } from 'node:fs/promises'
import { StartError } from '../../src/lib/errors.ts'
import type { ServerUser } from './run-program.ts'

/**
 * Makes a folder that only `user` (by default ourselves) can write to, or also enter with the default mode.
 * One that is there must be just that: in a shared place such as /tmp anybody could have made it first.
 */
export const ensurePrivateFolder = async (
  path: string,
  user: ServerUser | undefined,
  mode = 0o700,
): Promise<void> => {
  try {
    await makeOrCheck(path, user, mode)
  } catch (error) {
    // One that was there may be gone a moment later: a server that stops tidies up.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await makeOrCheck(path, user, mode)
  }
}

const makeOrCheck = async (
  path: string,
  user: ServerUser | undefined,
  mode: number,
): Promise<void> => {
  const isNew = await mkdir(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
  if (process.platform === 'win32') return
  if (isNew) await chmod(path, mode)
  // Also what we made and were killed before giving it away; nobody but root makes a folder of root's.
  if (user && (await lstat(path)).uid === 0) await chown(path, user.uid, user.gid)

  const owner = user?.uid ?? process.getuid?.()
  const found = await lstat(path)
  if (!found.isDirectory() || found.uid !== owner || (found.mode & 0o022) !== 0) {
    const actualMode = (found.mode & 0o777).toString(8)
    throw new StartError(
      `${path} must be a folder that only user ${owner} can write to; it is user ${found.uid}'s, with mode ${actualMode}`,
    )
  }
}

/** Tells paths apart in a few letters. */
export const shortHash = (path: string): string =>
  createHash('sha256').update(path).digest('hex').slice(0, 12)
