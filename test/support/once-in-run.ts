import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from './wait-for.ts'

const TIMEOUT_MS = 120_000

/**
 * A folder that `make` fills for the whole test run, in whichever worker process asks for it first; the others wait.
 * Rejects in all of them when that failed. It is removed with the run.
 */
export const makeOnceInRun = async (
  name: string,
  make: (path: string) => Promise<void>,
): Promise<string> => {
  const path = join(tmpdir(), name)
  const outcome = `${path}.outcome`
  if (await isFirst(path)) {
    await make(path).then(
      () => writeFile(outcome, ''),
      (error: unknown) => writeFile(outcome, String(error)),
    )
  }
  const isOver = () => access(outcome).then(() => true)
  await waitFor(isOver, { what: `${name} to be made`, timeoutMs: TIMEOUT_MS })
  const failure = await readFile(outcome, 'utf8')
  if (failure) throw new Error(`${name}: ${failure}`)
  return path
}

const isFirst = (path: string): Promise<boolean> =>
  mkdir(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
