import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { type AdvisoryList, type Lock, toAdvisoryList } from './dependencies.ts'

/* Asks the registry which advisories there are of the locked versions. What was explained before stays so. */

const PATH = 'ops/dependencies/advisories.json'

const { stdout } = spawnSync('npm', ['audit', '--json'], { encoding: 'utf8', maxBuffer: 1e8 })
const audit = JSON.parse(stdout || '{}')
if (!audit.vulnerabilities) {
  console.error('The registry gave no advisories; the list stays as it is.')
  process.exit(1)
}
const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as Lock
const before = JSON.parse(await readFile(PATH, 'utf8')) as AdvisoryList
const list = toAdvisoryList(audit, lock, before, new Date())
await writeFile(PATH, `${JSON.stringify(list, undefined, 2)}\n`)
console.log(`${list.advisories.length} advisories, of ${list.checkedAt}`)
