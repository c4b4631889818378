import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'

const ADRS = 'docs/adr'

const read = (path: string) => readFile(path, 'utf8')

const list = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.md')).map((name) => join(folder, name))

const documents = [
  ...(await list('.')),
  ...(await list('docs')),
  ...(await list(ADRS)),
  'examples/README.md',
  'examples/studio/README.md',
]

test('the index of decisions has each of them once, in order, with a sentence', async () => {
  const files = (await readdir(ADRS)).filter((name) => /^\d{4}-/.test(name)).sort()
  const lines = [
    ...(await read(`${ADRS}/README.md`)).matchAll(/^\| \[(\d+)\]\((.+?)\) \| (.+) \|$/gm),
  ]
  expect(lines.map(([, , file]) => file)).toEqual(files)
  for (const [, number, file = '', sentence] of lines) {
    expect(Number(file.slice(0, 4))).toBe(Number(number))
    expect(await read(`${ADRS}/${file}`)).toMatch(new RegExp(`^# ${number}\\. `))
    expect(sentence).toMatch(/^.{20,}\.$/)
  }
})

test('the changelog names the version of the package', async () => {
  const { version } = JSON.parse(await read('package.json')) as { version: string }
  const headings = [...(await read('CHANGELOG.md')).matchAll(/^## \[(.+?)\](?: - (.+))?$/gm)]
  expect(headings[0]?.[1]).toBe('Unreleased')
  const found = headings.find(([, name]) => name === version)
  expect(found?.[2]).toMatch(/^\d{4}-\d{2}-\d{2}$/)
})

test('links in the documents lead to files that are there', async () => {
  const broken: string[] = []
  for (const document of documents) {
    for (const [, target = ''] of (await read(document)).matchAll(/\]\(([^)\s]+)\)/g)) {
      const [path = ''] = target.split('#')
      if (/^https?:/.test(target) || path === '') continue
      if (!existsSync(join(dirname(document), path))) broken.push(`${document}: ${target}`)
    }
  }
  expect(broken).toEqual([])
})

test('paths in the documents are those of files and folders that are there', async () => {
  const gone: string[] = []
  for (const document of documents) {
    const paths = (await read(document)).matchAll(
      /`((?:src|db|web|test|bench|eval|ops|examples|scripts|docs)\/[\w./-]*)`/g,
    )
    for (const [, path = ''] of paths) {
      if (!existsSync(path) && !path.includes('NNNN')) gone.push(`${document}: ${path}`)
    }
  }
  expect(gone).toEqual([])
})
