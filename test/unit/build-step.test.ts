import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { bringUpToDate } from '../../scripts/build-step.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

/** Copies `in` to `out`, skips what it copied before as tsc does, counts its runs, and fails on a source that says so. */
const BUILD = `
  const { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } = require('node:fs')
  appendFileSync('runs', 'x')
  const copied = existsSync('memory') ? JSON.parse(readFileSync('memory', 'utf8')) : {}
  mkdirSync('out', { recursive: true })
  for (const name of readdirSync('in')) {
    const text = readFileSync('in/' + name, 'utf8')
    if (copied[name] !== text) writeFileSync('out/' + name, text)
    if (text === 'wrong') process.exit(1)
    copied[name] = text
  }
  writeFileSync('memory', JSON.stringify(copied))
`

let folder: TemporaryFolder

beforeEach(async () => {
  folder = await makeTemporaryFolder('build')
  await mkdir(join(folder.path, 'in'))
  await write('in/a', 'one')
  await write('in/b', 'two')
})

afterEach(() => folder.remove())

const write = (path: string, text: string) => writeFile(join(folder.path, path), text)
const remove = (path: string) => rm(join(folder.path, path), { recursive: true })

const build = () =>
  bringUpToDate(folder.path, {
    name: 'copy',
    inputs: ['in'],
    outputs: ['out'],
    memory: 'memory',
    commands: [[process.execPath, '-e', BUILD]],
  })

const countRuns = async () => (await readFile(join(folder.path, 'runs'), 'utf8')).length

const readOutputs = async () => {
  const names = (await readdir(join(folder.path, 'out'))).sort()
  const texts = names.map((name) => readFile(join(folder.path, 'out', name), 'utf8'))
  return Object.fromEntries((await Promise.all(texts)).map((text, index) => [names[index], text]))
}

test('what was built from the same sources is not built again', async () => {
  await build()
  await build()

  expect(await countRuns()).toBe(1)
  expect(await readOutputs()).toEqual({ a: 'one', b: 'two' })
})

test('a changed source is built', async () => {
  await build()
  await write('in/a', 'three')
  await build()

  expect(await readOutputs()).toEqual({ a: 'three', b: 'two' })
})

test('what was made from a source that is gone goes too', async () => {
  await build()
  await remove('in/b')
  await build()

  expect(await readOutputs()).toEqual({ a: 'one' })
})

test.each([
  ['changed', () => write('out/a', 'by hand')],
  ['removed', () => remove('out/a')],
  ['added to', () => write('out/c', 'by hand')],
  ['removed whole', () => remove('out')],
])('outputs that were %s are made anew', async (_, touch) => {
  await build()
  await touch()
  await build()

  expect(await readOutputs()).toEqual({ a: 'one', b: 'two' })
})

test('a build that failed is not taken for one, though the sources are as they were before', async () => {
  await build()
  await write('in/b', 'wrong')
  await expect(build()).rejects.toThrow('failed')
  await expect(build()).rejects.toThrow('failed')
  await write('in/b', 'two')
  await build()

  expect(await readOutputs()).toEqual({ a: 'one', b: 'two' })
  expect(await countRuns()).toBe(4)
})
