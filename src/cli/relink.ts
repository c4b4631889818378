import { createDatabase } from '../../db/database.ts'
import type { Config } from '../app/config.ts'
import { createInspectBought, createStore, requireDatabase } from '../app/resources.ts'
import {
  type RelinkKind,
  type RelinkReport,
  relink,
  relinkKinds,
} from '../features/maintenance/relink.ts'
import { AppError, messageOf, StartError } from '../lib/errors.ts'
import { createLogger } from '../lib/logger.ts'
import { assertMigrated } from '../migrate.ts'
import { withDatabase } from '../start.ts'

export type RelinkCommandOptions = { apply: boolean; force: boolean }

type Found = Map<RelinkKind, { count: number; examples: string[] }>

/** Of each kind as many keys are printed. */
const MAX_EXAMPLES = 5

/** Prints what Postgres and the image store have without the other, and mends it where told to. Throws `StartError`. */
export const runRelink = async (
  config: Config,
  { apply, force }: RelinkCommandOptions,
): Promise<void> => {
  const database = await withDatabase(config, createLogger(config.logLevel ?? 'warn', 'start'))
  const { directUrl: url } = requireDatabase(database.config.database)
  const db = createDatabase({ url, poolSize: 2, onIdleError: () => {} })
  const store = createStore(config)
  const found: Found = new Map()
  try {
    await assertMigrated(database.config)
    const report = await relink(
      { db, store, inspect: createInspectBought() },
      {
        isApplied: apply,
        isForced: force,
        onFinding: ({ kind, objectKey }) => note(found, kind, objectKey),
      },
    )
    print(found, report, apply)
    if (report.isRefused) throw tooManyMissing()
  } catch (error) {
    const isAway = error instanceof AppError || (error as { code?: unknown }).code === 'ENOENT'
    throw isAway ? new StartError(`The image store does not answer: ${messageOf(error)}`) : error
  } finally {
    store.close()
    await db.destroy()
    await database.release()
  }
}

const note = (found: Found, kind: RelinkKind, objectKey: string): void => {
  const { count, examples } = found.get(kind) ?? { count: 0, examples: [] }
  if (examples.length < MAX_EXAMPLES) examples.push(objectKey)
  found.set(kind, { count: count + 1, examples })
}

const print = (found: Found, { images, objects }: RelinkReport, isApplied: boolean): void => {
  console.log(`${images} images and ${objects} objects were looked at.`)
  if (found.size === 0) {
    console.log('Each has its other half.')
    return
  }
  const rows = [...found].map(([kind, { count }]) => [`${count}`, kind, relinkKinds[kind]])
  printTable([['count', 'what', isApplied ? 'done' : 'with --apply'], ...rows])
  for (const [kind, { examples, count }] of found) {
    console.log(`\n${kind}:`)
    for (const key of examples) console.log(`  ${key}`)
    if (count > examples.length) console.log(`  and ${count - examples.length} more`)
  }
  if (!isApplied) console.log('\nNothing was changed. With --apply it is.')
}

const printTable = (rows: string[][]): void => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  for (const row of rows) {
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}

const tooManyMissing = () =>
  new StartError(
    'Most images have no object: is the bucket or the database the wrong one? None of these was taken back; with --apply --force they are.',
  )
