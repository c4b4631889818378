import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** An account, other than our own, that the server runs as. */
export type ServerUser = { name: string; uid: number; gid: number }

export type ProgramResult = { ok: true; output: string } | { ok: false; reason: string }

/**
 * The whole environment of what we start: none of ours, which holds secrets that the other account could
 * read, and `PG…` variables that would steer the server.
 */
export const PROGRAM_ENVIRONMENT = { LC_ALL: 'C' }

export const identityOf = (user: ServerUser | undefined) =>
  user ? { uid: user.uid, gid: user.gid } : {}

const TIMEOUT_MS = 120_000

/** Runs a program to its end, as `user` where one is given. Never throws. */
export const runProgram = async (
  file: string,
  args: string[],
  user?: ServerUser,
): Promise<ProgramResult> => {
  try {
    const { stdout } = await promisify(execFile)(file, args, {
      cwd: '/',
      env: PROGRAM_ENVIRONMENT,
      timeout: TIMEOUT_MS,
      ...identityOf(user),
    })
    return { ok: true, output: stdout.trim() }
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    return { ok: false, reason: stderr?.trim() || message }
  }
}
