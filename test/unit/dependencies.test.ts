import { describe, expect, test } from '@jest/globals'
import {
  findAdvisoryProblems,
  findLicenseProblems,
  toAdvisoryList,
} from '../../scripts/dependencies.ts'

const NOW = new Date('2026-11-27T12:00:00Z')
const lockOf = (license: string, more = {}, name = 'some') => ({
  packages: { '': {}, [`node_modules/${name}`]: { version: '1.2.3', license, ...more } },
})
const advisory = { id: 'GHSA-1', package: 'some', versions: ['1.2.3'], title: 'Bad', why: '' }

describe('a licence', () => {
  test.each([
    ['MIT', 0],
    ['(MIT OR GPL-3.0-only)', 0],
    ['Apache-2.0 AND MIT', 0],
    ['Apache-2.0 AND GPL-3.0-only', 1],
    ['GPL-3.0-only', 1],
    ['LGPL-3.0-or-later', 1],
    ['', 1],
  ])('%j has so many problems: %d', (license, count) => {
    expect(findLicenseProblems(lockOf(license))).toHaveLength(count)
  })

  test('is asked of what is shipped, and of what the pages contain', () => {
    expect(findLicenseProblems(lockOf('GPL-3.0-only', { dev: true }))).toEqual([])
    expect(findLicenseProblems(lockOf('GPL-3.0-only', { dev: true }, 'preact'))).toHaveLength(1)
    expect(findLicenseProblems(lockOf('LGPL-3.0-or-later', {}, '@img/sharp-x'))).toEqual([])
  })
})

describe('an advisory', () => {
  const check = (advisories: (typeof advisory)[], checkedAt: string | null = '2026-11-01') =>
    findAdvisoryProblems(lockOf('MIT'), { checkedAt, advisories }, NOW)

  test('of a version that is there must be explained', () => {
    expect(check([advisory])).toEqual([expect.stringContaining('some: Bad (GHSA-1): update it')])
    expect(check([{ ...advisory, why: 'never called' }])).toEqual([])
    expect(check([{ ...advisory, versions: ['1.2.2'] }])).toEqual([])
  })

  test('is looked for again after 90 days', () => {
    expect(check([], '2026-08-29')).toEqual([])
    expect(check([], '2026-08-28')).toEqual([expect.stringContaining('npm run audit:update')])
    expect(check([], 'soon')).toEqual([expect.stringContaining('npm run audit:update')])
    expect(check([], null)).toEqual([])
  })

  test('keeps its explanation when the registry is asked again', () => {
    const via = [{ source: 1, title: 'Bad', url: 'GHSA-1' }, 'other']
    const audit = { vulnerabilities: { some: { nodes: ['node_modules/some'], via } } }
    const before = { checkedAt: null, advisories: [{ ...advisory, why: 'never called' }] }
    expect(toAdvisoryList(audit, lockOf('MIT'), before, NOW)).toEqual({
      checkedAt: '2026-11-27',
      advisories: [{ ...advisory, why: 'never called' }],
    })
  })
})
