import { readFile } from 'node:fs/promises'
import {
  type AdvisoryList,
  findAdvisoryProblems,
  findLicenseProblems,
  type Lock,
} from './dependencies.ts'

/* What is shipped: its licences, and the advisories that are known of it. Asks nobody, so that it works offline. */

const readJson = async <T>(path: string): Promise<T> =>
  JSON.parse(await readFile(path, 'utf8')) as T

const lock = await readJson<Lock>('package-lock.json')
const list = await readJson<AdvisoryList>('ops/dependencies/advisories.json')
const problems = [...findLicenseProblems(lock), ...findAdvisoryProblems(lock, list, new Date())]
for (const problem of problems) console.error(problem)
if (list.checkedAt === null) {
  console.warn(
    'The registry was never asked for advisories: run `npm run audit:update` where it answers.',
  )
}
if (problems.length > 0) process.exitCode = 1
