import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { countHotOperations } from '../test/support/hot-counts.ts'

const BASELINE = join(import.meta.dirname, 'baseline.json')

/** What the hot ways ask of Postgres each time; with `isUpdate` that is what `npm test` expects from now on. */
export const measureCounts = async (isUpdate: boolean): Promise<void> => {
  const { counts, hotShare, indexShares } = await countHotOperations()
  console.log('\nWhat is asked of Postgres each time')
  for (const [name, { statements, plans, blocks, walBytes, postgresMs }] of Object.entries(
    counts,
  )) {
    const wal = `${Math.round(walBytes).toLocaleString('en')} B of log`
    const asked = `${statements} statements, ${plans} planned, ${blocks.toFixed(1)} blocks, ${wal}`
    console.log(`  ${name.padEnd(36)} ${asked}, ${postgresMs.toFixed(2)} ms of Postgres`)
  }
  console.log(`  changes of generations that touch no index: ${(100 * hotShare).toFixed(0)} %`)
  for (const [name, share] of Object.entries(indexShares)) {
    console.log(`  indexes of ${name}: ${(100 * share).toFixed(0)} % of the table`)
  }
  if (isUpdate) await update(counts)
}

const update = async (counts: Record<string, object>): Promise<void> => {
  const text = await readFile(BASELINE, 'utf8')
  const known = JSON.parse(text) as Record<string, unknown>
  const rounded = Object.fromEntries(
    Object.entries(counts).map(([name, each]) => {
      const { statements, plans, blocks, walBytes } = each as Record<string, number>
      return [name, { statements, plans, blocks: Math.round(blocks ?? 0), walBytes }]
    }),
  )
  await writeFile(BASELINE, `${JSON.stringify({ ...known, counts: rounded }, undefined, 2)}\n`)
}
