import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { bundleOptions, LOADED_FROM_DISK } from '../../scripts/bundle-options.ts'
import { makeOnceInRun } from './once-in-run.ts'

/** What is run as a process of its own, by its source. */
export type ProgramSource =
  | 'src/cli'
  | 'test/chaos/processes/api'
  | 'test/chaos/processes/worker'
  | 'test/attack/processes/api'
  | 'test/support/hold-postgres'

const SOURCES: readonly ProgramSource[] = [
  'src/cli',
  'test/chaos/processes/api',
  'test/chaos/processes/worker',
  'test/attack/processes/api',
  'test/support/hold-postgres',
]

/**
 * The compiled program. All are compiled together, once in a test run, each with its packages in a few files: a process
 * then starts in 0.4 s of processor time, instead of 1 s from the files of a build and 3 s from the sources.
 */
export const buildProgram = async (source: ProgramSource): Promise<string> =>
  join(await makeOnceInRun('programs', buildAll), `${source}.js`)

/** What a thread runs that calls the model. */
export const buildProviderThread = async (): Promise<string> =>
  join(await makeOnceInRun('programs', buildAll), 'provider-thread.js')

const buildAll = async (path: string): Promise<void> => {
  await build({
    ...bundleOptions,
    entryPoints: [
      ...SOURCES.map((source) => ({ in: `${source}.ts`, out: source })),
      // Beside the files that the programs share, one of which begins it.
      { in: 'src/adapters/providers/provider-thread.ts', out: 'provider-thread' },
    ],
    outdir: path,
    external: LOADED_FROM_DISK,
  })
  for (const name of ['node_modules', 'package.json'])
    await symlink(resolve(name), join(path, name))
}
