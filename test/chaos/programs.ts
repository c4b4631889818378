import { execFile } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

export type ProgramName = 'api' | 'worker'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CONFIG = join(ROOT, 'test/chaos/processes/tsconfig.json')

let compiled: Promise<string> | undefined

/**
 * The compiled entry. All are compiled once, unchecked, into a temporary folder: a process then starts in half the
 * time it takes from the sources, and hundreds are started.
 */
export const compileProgram = async (name: ProgramName): Promise<string> => {
  compiled ??= compile()
  return join(await compiled, 'test/chaos/processes', `${name}.js`)
}

const compile = async (): Promise<string> => {
  const { path } = await makeTemporaryFolder('programs')
  const tsc = createRequire(import.meta.url).resolve('typescript/package.json')
  const args = [join(tsc, '../bin/tsc'), '-p', CONFIG, '--outDir', path]
  await promisify(execFile)(process.execPath, args)
  for (const name of ['node_modules', 'package.json']) {
    await symlink(join(ROOT, name), join(path, name))
  }
  return path
}
