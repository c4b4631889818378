import { createDatabase, type Database } from '../../db/database.ts'
import type { AccessKeyRow } from '../../db/schema.ts'
import type { Config } from '../app/config.ts'
import { requireDatabase } from '../app/resources.ts'
import { type KeyInput, keyInputSchema } from '../contract/key.ts'
import { makeKey } from '../features/keys/make.ts'
import { presentKey } from '../features/keys/present.ts'
import { listKeys, revokeKey } from '../features/keys/repository.ts'
import { setKeyBudget } from '../features/spending/budgets.ts'
import { AppError, StartError } from '../lib/errors.ts'
import { createLogger } from '../lib/logger.ts'
import { assertMigrated } from '../migrate.ts'
import { withDatabase } from '../start.ts'

/** As they are typed; lists have commas between. */
export type KeyOptions = {
  name: string
  owner?: string
  onBehalf: boolean
  namespace?: string
  scopes?: string
  models?: string
  sizes?: string
  lanes?: string
  origins?: string
  days?: number
  dailyUsd?: number
  monthlyUsd?: number
  perMinute?: number
  variants?: string
  eagerTier?: string
  upstreamKeys?: string
}

/** Prints a new key, once. Throws `StartError` for what no key can be. */
export const runCreateKey = async (config: Config, options: KeyOptions): Promise<void> => {
  const input = parseOptions(options)
  const { row, secret } = await withKeys(config, (db) =>
    makeKey({ db, setBudget: setKeyBudget(db) }, input, 'command line'),
  )
  console.error(`${row.id}: kept as a digest alone, so this is the only time that it is shown.`)
  console.log(secret)
}

/** Prints all keys, newest first. */
export const runListKeys = async (config: Config): Promise<void> => {
  const rows = await withKeys(config, (db) => listKeys(db, { before: undefined, limit: MAX_ROWS }))
  for (const row of rows) console.log(describe(row))
  if (rows.length === 0) console.log('There are no keys.')
}

/** Revokes a key by its id. Throws `StartError` where there is none. */
export const runRevokeKey = async (config: Config, id: string): Promise<void> => {
  const row = await withKeys(config, (db) => revokeKey(db, id))
  if (!row) throw new StartError(`There is no key ${id}: imageonce keys list`)
  console.log(describe(row))
}

const MAX_ROWS = 1_000

const describe = (row: AccessKeyRow): string => {
  const { id, prefix, name, status, ownerId, namespace, scopes, lastUsedAt } = presentKey(row)
  const whose = ownerId ?? 'on behalf'
  const where = namespace ? ` in ${namespace}` : ''
  const used = lastUsedAt ? `used ${lastUsedAt}` : 'never used'
  return [id, `${prefix}…`, status, `${whose}${where}`, scopes.join(','), used, name].join('  ')
}

const parseOptions = (options: KeyOptions): KeyInput => {
  const { owner, days, scopes, models, sizes, lanes, origins, ...rest } = options
  const expiresAt = days && new Date(Date.now() + days * 86_400_000).toISOString()
  const lists = Object.entries({ scopes, models, sizes, lanes, origins })
    .filter(([, text]) => text !== undefined)
    .map(([name, text]) => [name, text?.split(',').map((each) => each.trim())])
  const parsed = keyInputSchema.safeParse({
    ...rest,
    ...Object.fromEntries(lists),
    ...(owner !== undefined && { ownerId: owner }),
    ...(expiresAt && { expiresAt }),
  })
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
  throw new StartError(problems.join('\n'))
}

const withKeys = async <T>(config: Config, use: (db: Database) => Promise<T>): Promise<T> => {
  const database = await withDatabase(config, createLogger(config.logLevel ?? 'warn', 'start'))
  const { directUrl: url } = requireDatabase(database.config.database)
  const db = createDatabase({ url, poolSize: 1, onIdleError: () => {} })
  try {
    await assertMigrated(database.config)
    return await use(db)
  } catch (error) {
    throw error instanceof AppError && error.code === 'invalid_request'
      ? new StartError(`${error.pointer?.slice(1)} ${error.message}`)
      : error
  } finally {
    await db.destroy()
    await database.release()
  }
}
