/** An advisory of the registry about a package that the lock file names. */
export type Advisory = {
  id: string
  package: string
  /** Those in the lock file that it is about. */
  versions: string[]
  title: string
  /** Why it does no harm here; without it the check fails for as long as the version is there. */
  why: string
}

export type AdvisoryList = {
  /** When the registry was last asked; null: never. */
  checkedAt: string | null
  advisories: Advisory[]
}

export type LockedPackage = { version?: string; license?: string; dev?: boolean; link?: boolean }
export type Lock = { packages: Record<string, LockedPackage> }

/** A release waits for nobody's audit, and what is older tells little. */
export const MAX_AGE_DAYS = 90

/** What may be shipped, by SPDX; of a choice (`OR`) one must be among them, of a sum (`AND`) all. */
const ALLOWED_LICENSES = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'OFL-1.1',
  'Unlicense',
])

/** libvips, a library of its own beside sharp that anyone may replace (LGPL 3, section 4). */
const ALLOWED_BY_NAME: Record<string, RegExp> = { 'LGPL-3.0-or-later': /^@img\/sharp-/ }

/** Development dependencies that the built pages contain. */
const BUNDLED = [
  'preact',
  'preact-iso',
  'uplot',
  'swagger-ui-dist',
  '@fontsource/inter',
  'thumbhash',
]

const DAY_MS = 24 * 60 * 60 * 1_000

/** What is wrong with what is shipped; empty when nothing is. */
export const findLicenseProblems = (lock: Lock): string[] =>
  listPackages(lock)
    .filter(({ name, dev }) => !dev || BUNDLED.includes(name))
    .filter(({ name, license = '' }) => !isAllowed(name, license))
    .map(
      ({ name, license }) =>
        `${name} has the licence ${license ?? 'of nobody knows'}: use another package, or add it to scripts/dependencies.ts with its reason.`,
    )

/** Advisories that nobody has explained, and a list that is too old. */
export const findAdvisoryProblems = (
  lock: Lock,
  { checkedAt, advisories }: AdvisoryList,
  now: Date,
): string[] => {
  const locked = new Set(listPackages(lock).map(({ name, version }) => `${name}@${version}`))
  const open = advisories
    .filter(({ why }) => why.trim() === '')
    .filter((each) => each.versions.some((version) => locked.has(`${each.package}@${version}`)))
    .map(
      ({ id, package: name, title }) =>
        `${name}: ${title} (${id}): update it, or say in ops/dependencies/advisories.json why it does no harm.`,
    )
  const ageDays =
    checkedAt === null ? 0 : Math.floor((now.getTime() - Date.parse(checkedAt)) / DAY_MS)
  if (!(ageDays <= MAX_AGE_DAYS)) {
    open.push(
      `The list of advisories is of ${checkedAt}, more than ${MAX_AGE_DAYS} days ago: run \`npm run audit:update\`, and commit it.`,
    )
  }
  return open
}

const isAllowed = (name: string, license: string): boolean =>
  license
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) =>
      choice
        .split(' AND ')
        .every((each) => ALLOWED_LICENSES.has(each) || ALLOWED_BY_NAME[each]?.test(name)),
    )

const listPackages = ({ packages }: Lock) =>
  Object.entries(packages)
    .filter(([path, { link }]) => path !== '' && !link)
    .map(([path, locked]) => ({ ...locked, name: path.replace(/^.*node_modules\//, '') }))

type Audit = {
  vulnerabilities: Record<
    string,
    { nodes: string[]; via: (string | { source: number; title: string; url: string })[] }
  >
}

/** The list as `npm audit --json` has it now; what was explained before stays explained. */
export const toAdvisoryList = (
  audit: Audit,
  lock: Lock,
  before: AdvisoryList,
  now: Date,
): AdvisoryList => ({
  checkedAt: now.toISOString().slice(0, 10),
  advisories: Object.entries(audit.vulnerabilities).flatMap(([name, { nodes, via }]) =>
    via
      .filter((each) => typeof each !== 'string')
      .map(({ url, title }) => ({
        id: url,
        package: name,
        versions: [...new Set(nodes.flatMap((node) => lock.packages[node]?.version ?? []))],
        title,
        why: before.advisories.find(({ id }) => id === url)?.why ?? '',
      })),
  ),
})
