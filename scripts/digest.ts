import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** Equal exactly when there are the same files at and under the same paths of `root`, with the same contents. */
export const digestContents = async (root: string, paths: readonly string[]): Promise<string> => {
  const digest = createHash('sha256')
  const files = await listFiles(root, paths)
  const contents = await Promise.all(files.map((file) => readFile(join(root, file))))
  files.forEach((file, index) => {
    const content = contents[index] ?? ''
    digest.update(`${file}\n${content.length}\n`).update(content)
  })
  return digest.digest('hex')
}

/** Equal exactly when there are the same files at and under the same paths of `root`. */
export const digestNames = async (root: string, paths: readonly string[]): Promise<string> =>
  createHash('sha256')
    .update((await listFiles(root, paths)).join('\n'))
    .digest('hex')

/** Sorted; a path that is not there has none. */
const listFiles = async (root: string, paths: readonly string[]): Promise<string[]> =>
  (await Promise.all(paths.map((path) => listUnder(root, path)))).flat().sort()

const listUnder = async (root: string, path: string): Promise<string[]> => {
  const found = await stat(join(root, path)).catch(() => undefined)
  if (!found?.isDirectory()) return found ? [path] : []
  const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}
