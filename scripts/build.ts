import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildStep, bringUpToDate } from './build-step.ts'

/*
 * Brings `dist` up to date: the service and the types of its client (tsc, esbuild), the dashboard and the studio (vite).
 * What was built from the sources as they are is not built again.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const tsc = (project: string) => [join(ROOT, 'node_modules/.bin/tsc'), '-p', project]
const vite = (pages: string) => [
  join(ROOT, 'node_modules/.bin/vite'),
  ...['build', pages, '--logLevel', 'warn'],
]

const compress = (folder: string) => [
  process.execPath,
  ...['--import', 'tsx', join(ROOT, 'scripts/compress.ts'), join(ROOT, folder)],
]

const SETTINGS = [
  ...['package.json', 'package-lock.json', 'tsconfig.json'],
  ...['scripts/build.ts', 'scripts/bundle.ts', 'scripts/bundle-options.ts'],
  'scripts/compress.ts',
]
const CLIENT = ['src/client.ts', 'src/client', 'src/contract']

const steps: BuildStep[] = [
  {
    name: 'service',
    inputs: ['src', 'db', 'tsconfig.build.json', 'tsconfig.client.json', ...SETTINGS],
    outputs: ['dist/src', 'dist/db'],
    memory: 'dist/.tsbuildinfo',
    commands: [
      tsc('tsconfig.build.json'),
      tsc('tsconfig.client.json'),
      [process.execPath, '--import', 'tsx', join(ROOT, 'scripts/bundle.ts')],
    ],
  },
  {
    name: 'dashboard',
    inputs: ['web', ...CLIENT, ...SETTINGS],
    outputs: ['dist/web'],
    commands: [vite('web'), compress('dist/web')],
  },
  {
    name: 'studio',
    inputs: ['examples/studio', 'web/tsconfig.json', ...CLIENT, ...SETTINGS],
    outputs: ['dist/studio'],
    commands: [vite('examples/studio'), compress('dist/studio')],
  },
]

const built = await Promise.allSettled(steps.map((step) => bringUpToDate(ROOT, step)))
const failed = built.flatMap((step) => (step.status === 'rejected' ? [step.reason] : []))
for (const error of failed) console.error(error instanceof Error ? error.message : error)
if (failed.length > 0) process.exitCode = 1
