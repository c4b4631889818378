import { readFile } from 'node:fs/promises'
import { calls } from './calls.ts'
import type { Client } from './client.ts'
import type { Verdict } from './run-client.ts'

/** What a client could do, and in which versions. */
export type Report = { client: Client; versions: readonly string[]; verdicts: readonly Verdict[] }

/** What is installed at `folder` of a client's packages, as `name version`. */
export const readVersions = ({ packages }: Client, folder: string): Promise<string[]> =>
  Promise.all(
    packages.map(async (name) => {
      const text = await readFile(`${folder}/node_modules/${name}/package.json`, 'utf8')
      return `${name} ${(JSON.parse(text) as { version: string }).version}`
    }),
  )

/** The table of docs/compatibility.md, and below it what can't be done and why. */
export const formatTable = (reports: readonly Report[]): string => {
  const heads = reports.map(({ client }) => `[${client.name}](drop-in/${client.page})`)
  const rows = calls.map(({ what }) => [what, ...reports.map((report) => formatCell(report, what))])
  const lines = [['', ...heads], ['', ...heads].map(() => '---'), ...rows]
  const table = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  return `${table}\n\n${formatVersions(reports)}\n\n${formatReasons(reports)}\n`
}

const find = ({ verdicts }: Report, what: string) =>
  verdicts.find((verdict) => verdict.what === what)

const formatCell = (report: Report, what: string): string => {
  const verdict = find(report, what)
  if (verdict?.kind === 'works') return verdict.paidFirst > 0 ? `✓ ${verdict.paidFirst} + 0` : '✓'
  return verdict?.kind === 'lacks' ? '–' : '✗'
}

const formatVersions = (reports: readonly Report[]): string => {
  const versions = [...new Set(reports.flatMap((report) => report.versions))]
  return `Versions: ${versions.join(', ')}.`
}

const formatReasons = (reports: readonly Report[]): string =>
  reports
    .flatMap(({ client, verdicts }) =>
      verdicts.flatMap((verdict) =>
        verdict.kind === 'works' ? [] : [`- ${client.name}, ${verdict.what}: ${verdict.why}.`],
      ),
    )
    .join('\n')
