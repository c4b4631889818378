import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'
import type { Mutation } from './mutation.ts'

const run = promisify(execFile)

export type Copy = Awaited<ReturnType<typeof makeCopy>>

/** A copy of every file that git knows or would take, with the same dependencies. Release with `remove`. */
export const makeCopy = async (from: string) => {
  const { path: folder, remove } = await makeTemporaryFolder('mutate')
  try {
    const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate']
    const { stdout } = await run('git', list, { cwd: from, maxBuffer: 64 * 1024 * 1024 })
    for (const file of stdout.split('\0').filter((name) => name !== '')) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      // One that was removed and not committed yet is listed all the same.
      await cp(join(from, file), join(folder, file)).catch(unlessMissing)
    }
    await symlink(join(from, 'node_modules'), join(folder, 'node_modules'), 'dir')
  } catch (error) {
    await remove()
    throw error
  }

  /** Does the work on the broken code, and mends it. */
  const whileBroken = async <T>({ file, find, replace }: Mutation, work: () => Promise<T>) => {
    const path = join(folder, file)
    const text = await readFile(path, 'utf8')
    await writeFile(
      path,
      text.replace(find, () => replace),
    )
    try {
      return await work()
    } finally {
      await writeFile(path, text)
    }
  }

  return { folder, whileBroken, remove }
}

const unlessMissing = (error: unknown): void => {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}
