import { beforeAll, expect, test } from '@jest/globals'
import { build, type Metafile } from 'esbuild'
import { bundleOptions, LOADED_FROM_DISK } from '../../scripts/bundle-options.ts'

let inputs: Metafile['inputs']
beforeAll(async () => {
  const { metafile } = await build({
    ...bundleOptions,
    entryPoints: ['src/api.ts', 'src/worker.ts'],
    outdir: 'dist',
    write: false,
    external: LOADED_FROM_DISK,
    metafile: true,
  })
  inputs = metafile.inputs
})

/** What a program loads before it does anything: all that is imported, by others too, except by `import()`. */
const listLoaded = (entry: string): Set<string> => {
  const loaded = new Set([entry])
  for (const file of loaded) {
    for (const { path, kind } of inputs[file]?.imports ?? []) {
      if (kind === 'import-statement' || kind === 'require-call') loaded.add(path)
    }
  }
  return loaded
}

const packagesOf = (files: Set<string>): Set<string> =>
  new Set(
    [...files].flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file),
  )

/** Each takes megabytes, and is loaded by who comes to need it. */
const LOADED_WHEN_USED = [
  'sharp',
  'zod-openapi',
  '@aws-sdk/client-s3',
  '@aws-sdk/s3-request-presigner',
  '@bull-board/api',
  '@bull-board/express',
  '@energetic-ai/embeddings',
  '@opentelemetry/sdk-trace',
]

test.each([
  ['src/api.ts', LOADED_WHEN_USED, 1_750],
  ['src/worker.ts', [...LOADED_WHEN_USED, 'express', 'jose', 'helmet'], 1_320],
])('%s loads neither what few need nor more and more files', (entry, unwanted, most) => {
  const files = listLoaded(entry)
  const packages = packagesOf(files)
  expect(unwanted.filter((name) => packages.has(name))).toEqual([])
  expect(packages).toContain('bullmq')
  expect(files.size).toBeLessThan(most)
})
