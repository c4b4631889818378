import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { boundOpen } from '../../src/app/open-bound.ts'
import { findOpenFilesLimit } from '../../src/lib/open-files.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>

beforeAll(async () => {
  folder = await makeTemporaryFolder('limits')
})
afterAll(() => folder.remove())

test.each([
  ['Max open files            1024                 524288               files     \n', 1_024],
  ['Max open files            unlimited            unlimited            files     \n', undefined],
  ['', undefined],
])('the limit of open files is read from %j', async (text, limit) => {
  const path = join(folder.path, 'limits')
  await writeFile(
    path,
    `Max processes             5                    5                    processes\n${text}`,
  )
  expect(findOpenFilesLimit(path)).toBe(limit)
})

test('where the system does not tell there is none', () => {
  expect(findOpenFilesLimit(join(folder.path, 'nothing'))).toBeUndefined()
})

test.each([
  [4_000, 20_000, 4_000, 0],
  [10_000, 4_096, 3_596, 1],
  [10_000, 256, 1, 1],
])('of %d streams with a limit of %s files %d are held', (wanted, limit, open, warnings) => {
  const warned: unknown[] = []
  const logger = { warn: (...fields: unknown[]) => void warned.push(fields) }
  expect(boundOpen(wanted, logger as Parameters<typeof boundOpen>[1], limit)).toBe(open)
  expect(warned).toHaveLength(warnings)
})
