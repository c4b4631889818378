import pg from 'pg'
import { createFold } from '../src/features/analytics/fold.ts'
import {
  type CountedPostgres,
  type Counts,
  startCountedPostgres,
} from '../test/support/counted-postgres.ts'
import { fillTables } from '../test/support/fill-tables.ts'
import { openHotOperations } from '../test/support/hot-operations.ts'
import { printAim } from './report.ts'

const FEW_ROWS = 10_000
const TIMES = 50
const MAX_RATIO = 1.3
/** Trees are one level higher, and a page more here and there is no growth. */
const TOLERATED_BLOCKS = 4

/**
 * What the hot ways ask of Postgres beside so many generations as beside ten thousand: pages that are looked at, and Postgres's time. Both
 * in a Postgres of their own on the disk, which is gone afterwards.
 */
export const measureGrowth = async (rows: number): Promise<void> => {
  console.log(
    `\nBeside ${FEW_ROWS.toLocaleString('en')} and ${rows.toLocaleString('en')} generations`,
  )
  const few = await measureBeside(FEW_ROWS)
  const many = await measureBeside(rows)
  for (const [name, large] of Object.entries(many.counts)) {
    const small = few.counts[name]
    if (!small) continue
    const blocks = `${small.blocks.toFixed(1)} and ${large.blocks.toFixed(1)} blocks`
    const times = `${small.postgresMs.toFixed(2)} and ${large.postgresMs.toFixed(2)} ms`
    const isSame =
      large.blocks <= Math.max(small.blocks * MAX_RATIO, small.blocks + TOLERATED_BLOCKS)
    printAim(`  ${name.padEnd(22)} ${blocks}, ${times}`, isSame)
  }
  for (const [table, { heapMb, indexMb }] of Object.entries(many.sizes)) {
    const sizes = `${heapMb.toFixed(0)} MB, its indexes ${indexMb.toFixed(0)} MB`
    printAim(`  ${table.padEnd(22)} ${sizes}`, indexMb <= heapMb)
  }
}

const measureBeside = async (rows: number) => {
  const postgres = await startCountedPostgres({ shared_buffers: '512MB', max_wal_size: '2GB' })
  try {
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    const startedAt = performance.now()
    await fillTables(client, rows)
    console.log(
      `  filled ${rows.toLocaleString('en')} in ${Math.round((performance.now() - startedAt) / 1_000)} s`,
    )
    const counts = await countEach(postgres)
    const sizes = await readSizes(client)
    await client.end()
    return { counts, sizes }
  } finally {
    await postgres.stop()
  }
}

/** Of an owner who has a hundred, whatever there is besides. */
const countEach = async ({ url, count }: CountedPostgres) => {
  const operations = openHotOperations(url, 'filled-0')
  const counts: Record<string, Counts> = {}
  try {
    for (let n = 0; n < TIMES; n++) await operations.make()
    const made = await operations.make()
    counts.reuse = await count(TIMES, () => operations.reuse(made))
    const ids: string[] = []
    counts.submit = await count(TIMES, async () => void ids.push(await operations.submit()))
    counts.sweep = await count(TIMES, operations.sweep)
    counts['claim to completion'] = await count(TIMES, async () => {
      const claimed = await operations.claim(ids.pop() ?? '')
      await operations.pay(claimed)
      await operations.complete(claimed)
    })
    await createFold(operations.db)()
    for (const [name, read] of Object.entries(operations.reads)) {
      counts[name] = await count(TIMES, () => read(made))
    }
    return counts
  } finally {
    await operations.close()
  }
}

type Size = { name: string; heapMb: number; indexMb: number }

const readSizes = async (client: pg.Client): Promise<Record<string, Size>> => {
  const { rows } = await client.query<Size>(
    `select relname as name, pg_relation_size(oid) / 1e6::float8 as "heapMb", pg_indexes_size(oid) / 1e6::float8 as "indexMb"
    from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and pg_relation_size(oid) > 1000000
    order by 2 desc limit 4`,
  )
  return Object.fromEntries(rows.map((row) => [row.name, row]))
}
