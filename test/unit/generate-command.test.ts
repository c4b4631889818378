import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runGenerate } from '../../src/cli/generate.ts'
import { StartError } from '../../src/lib/errors.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

let folder: TemporaryFolder
let asked = 0
const server = createServer((_req, res) => {
  asked++
  res.writeHead(500).end()
})

beforeAll(async () => {
  folder = await makeTemporaryFolder('generate')
  await mkdir(join(folder.path, 'folder.png'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  await folder.remove()
})

const generate = (out: string) => {
  const { port } = server.address() as AddressInfo
  const client = { url: `http://127.0.0.1:${port}`, token: 'a-token' }
  const readConfig = () => {
    throw new Error('not asked for')
  }
  return runGenerate(client, readConfig, 'x', { enhance: false, force: false, out })
}

test.each([
  ['x.gif', 'must end in .png, .jpg or .webp'],
  ['x', 'must end in'],
  ['x.webp.', 'must end in'],
  ['nowhere/x.webp', "Can't write"],
  ['folder.png', 'is a directory'],
  ['folder.png/nowhere/x.png', "Can't write"],
])('an image that could not be saved as %s is not asked for', async (name, reason) => {
  const failed = generate(join(folder.path, name))
  await expect(failed).rejects.toThrow(StartError)
  await expect(failed).rejects.toThrow(reason)
  expect(asked).toBe(0)
})
