import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from '@jest/globals'
import { describeWhen } from '../support/skip.ts'

const run = promisify(execFile)

const isInstalled = existsSync(new URL('node_modules', import.meta.url))

describeWhen(
  isInstalled,
  'the clients are not installed: npm ci --prefix test/conformance',
  'clients that apps have already',
  () => {
    let found: { failed: string[]; table: string }
    beforeAll(async () => {
      const program = ['--import', 'tsx', 'test/conformance/run.ts', '--installed', '--json']
      const { stdout } = await run(process.execPath, program).catch(
        (error: { stdout?: string }) => {
          if (error.stdout) return { stdout: error.stdout }
          throw error
        },
      )
      found = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    })

    test('make, edit, stream, hang up and fail as they do elsewhere, and pay for nothing twice', () => {
      expect(found.failed).toEqual([])
    })

    test('do what the page on compatibility says', async () => {
      const page = await readFile('docs/compatibility.md', 'utf8')
      expect(page).toContain(found.table)
    })
  },
)
