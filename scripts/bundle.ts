import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { bundleOptions, LOADED_FROM_DISK } from './bundle-options.ts'

/*
 * Joins the service with the packages that it is made of, so that it starts from some thirty files instead of 1,400: a third of the
 * processor time, and 30 MB less. What few processes need stays where it is and is loaded by those.
 */

const FOLDER = 'src/bundled'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const main = async () => {
  await rm(join('dist', FOLDER), { recursive: true, force: true })
  const { metafile } = await build({
    ...bundleOptions,
    entryPoints: [
      // In place of what tsc made of it.
      { in: 'src/cli.ts', out: 'src/cli' },
      { in: 'src/adapters/providers/provider-thread.ts', out: `${FOLDER}/provider-thread` },
    ],
    outdir: 'dist',
    chunkNames: `${FOLDER}/[name]-[hash]`,
    external: [...LOADED_FROM_DISK, '@aws-sdk/*', '@bull-board/*'],
    metafile: true,
  })
  await writeFile(
    join('dist', FOLDER, 'LICENSES.txt'),
    (await readLicenses(Object.keys(metafile.inputs))).join('\n\n'),
  )
}

/** Of each package whose code is in it, as it asks for. */
const readLicenses = (files: string[]): Promise<string[]> => {
  const packages = files.flatMap((file) => PACKAGE.exec(file)?.[0] ?? [])
  return Promise.all([...new Set(packages)].sort().map(readLicense))
}

const PACKAGE = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/

const readLicense = async (folder: string): Promise<string> => {
  const names = (await readdir(folder)).filter((name) => /^licen[cs]e/i.test(name))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  const { license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  return [`${folder.replace(/^.*node_modules\//, '')}: ${license}`, ...texts].join('\n\n')
}

await main()
