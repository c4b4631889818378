import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { runMain } from '../chaos/run-main.ts'
import { installClients } from './kit/install.ts'
import { formatTable, type Report, readVersions } from './kit/report.ts'
import { runClient } from './kit/run-client.ts'
import { withService } from './kit/service.ts'

/*
 * `npm run conformance`: installs the clients that are pinned beside this file; each, unmodified, makes all its calls twice against
 * the service and a counting stand-in of the model. Prints what worked, and exits 1 where something did not.
 *
 *   --newest        takes the newest version of each client, and pins it
 *   --only=<name>   clients whose name contains it
 *   --installed     takes what is installed
 *   --json          one line of JSON: what failed, and the table of docs/compatibility.md
 *   --write         puts the table into docs/compatibility.md
 */

const { values } = parseArgs({
  options: {
    newest: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    installed: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

const HERE = new URL('.', import.meta.url).pathname
const PAGE = new URL('../../docs/compatibility.md', import.meta.url)

const main = async (): Promise<boolean> => {
  if (!values.installed) await installClients(HERE, { isNewest: values.newest })
  const { clients } = await import('./clients/all.ts')
  const chosen = clients.filter(({ name }) => name.includes(values.only))
  const reports = await withService(async (service) => {
    const done: Report[] = []
    for (const client of chosen) {
      const verdicts = await runClient(service, client)
      const report = { client, versions: await readVersions(client, HERE), verdicts }
      if (!values.json) tell(report)
      done.push(report)
    }
    return done
  })
  const table = formatTable(reports)
  if (values.write) await writeTable(table)
  const failed = reports.flatMap(({ client, verdicts }) =>
    verdicts.flatMap((verdict) =>
      verdict.kind === 'fails' ? `${client.name}, ${verdict.what}: ${verdict.why}` : [],
    ),
  )
  if (values.json) console.log(JSON.stringify({ failed, table }))
  return failed.length === 0
}

const tell = ({ client, versions, verdicts }: Report): void => {
  console.log(`\n${client.name} (${versions.join(', ')})`)
  for (const verdict of verdicts) {
    const found =
      verdict.kind === 'works'
        ? `paid ${verdict.paidFirst}, then ${verdict.paidAgain}`
        : verdict.why
    console.log(`  ${verdict.kind.padEnd(6)} ${verdict.what.padEnd(36)} ${found}`)
  }
}

const writeTable = async (table: string): Promise<void> => {
  const page = await readFile(PAGE, 'utf8')
  const written = page.replace(
    /(<!-- table -->\n)[\s\S]*(<!-- end of the table -->)/,
    (_all, begin, end) => `${begin}\n${table}\n${end}`,
  )
  await writeFile(PAGE, written)
}

await runMain(main)
