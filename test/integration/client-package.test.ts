import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bundleClient } from '../support/client-bundle.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const MAX_GZIPPED_BYTES = 10 * 1024

const run = promisify(execFile)
const TSC = resolve('node_modules/typescript/bin/tsc')

/** The client's code and its types at once, as `npm run build` makes them in two steps. */
const compileTo = (outDir: string) => ({
  extends: resolve('tsconfig.client.json'),
  compilerOptions: { outDir, rootDir: resolve('.'), emitDeclarationOnly: false },
  include: [resolve('src/client.ts'), resolve('src/react.ts')],
})

test('the client is small in a page, and brings no zod', async () => {
  const script = await bundleClient()
  expect(gzipSync(script).length).toBeLessThanOrEqual(MAX_GZIPPED_BYTES)
  expect(script).not.toMatch(/zod|invalid_type/i)
})

test('the components bring React’s peer nothing but the client and a decoder of thumbhashes', async () => {
  const { build } = await import('esbuild')
  const { metafile } = await build({
    entryPoints: ['src/react.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    metafile: true,
    external: ['react', 'react/*'],
  })
  const inputs = Object.keys(metafile.inputs).filter((path) => !path.startsWith('src/'))
  expect(inputs).toEqual(['node_modules/thumbhash/thumbhash.js'])
})

test('a guard alone leaves the client out of the page', async () => {
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    stdin: {
      contents: "import { isValidImageUrl } from './src/client.ts'; console.log(isValidImageUrl)",
      resolveDir: process.cwd(),
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
  })
  expect(outputFiles[0]?.text.length).toBeLessThan(1_000)
})

describe('an app that has the package installed', () => {
  let folder: TemporaryFolder
  let app: string

  beforeAll(async () => {
    folder = await makeTemporaryFolder('client-package')
    app = folder.path
    const installed = join(app, 'node_modules', 'imageonce')
    await mkdir(installed, { recursive: true })
    await copyFile('package.json', join(installed, 'package.json'))
    await mkdir(join(app, 'node_modules', '@types'))
    for (const name of ['zod', 'thumbhash', 'react', 'csstype', '@types/react']) {
      await symlink(resolve('node_modules', name), join(app, 'node_modules', name))
    }
    const project = join(app, 'tsconfig.package.json')
    await writeFile(project, JSON.stringify(compileTo(join(installed, 'dist'))))
    await run(process.execPath, [TSC, '-p', project])
    await rm(project)
    await writeFile(join(app, 'package.json'), '{"type": "module"}')
    for (const name of ['client-app.ts', 'react-app.tsx']) {
      const code = await readFile(join('test/types', name), 'utf8')
      await writeFile(
        join(app, name),
        code.replaceAll(/\.\.\/\.\.\/src\/(\w+)\.ts/g, 'imageonce/$1'),
      )
    }
  })
  afterAll(() => folder.remove())

  const importAll = async (name: string): Promise<string[]> => {
    const code = `console.log(Object.keys(await import('${name}')).sort().join(' '))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], {
      cwd: app,
    })
    return stdout.trim().split(' ')
  }

  test('imports all of it', async () => {
    expect(await importAll('imageonce/client')).toEqual([
      'ImageonceError',
      'createImageIdempotencyKey',
      'createImageonceClient',
      'extractImageMetadata',
      'isValidImageUrl',
      'logImageGenerationTelemetry',
      'shouldSkipImageGeneration',
    ])
    expect(await importAll('imageonce/react')).toEqual([
      'GeneratedImage',
      'ImageonceProvider',
      'useGeneration',
    ])
    const entry = await readFile(join(app, 'node_modules/imageonce/dist/src/react.js'), 'utf8')
    expect(entry).toMatch(/^'use client'/)
  })

  test.each([
    ['a bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
    ['Node', ['--module', 'nodenext', '--moduleResolution', 'nodenext']],
  ])('has its types, resolved as by %s', async (_name, resolution) => {
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noEmit']
    const browser = ['--target', 'es2022', '--lib', 'es2024,dom', '--types', '']
    const apps = ['--jsx', 'react-jsx', '--skipLibCheck', 'client-app.ts', 'react-app.tsx']
    const args = [TSC, ...strict, ...browser, ...resolution, ...apps]
    const { stdout } = await run(process.execPath, args, { cwd: app }).catch((error) => error)
    expect(stdout).toBe('')
  })
})
