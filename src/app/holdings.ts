import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { createHoldings } from '../lib/holdings.ts'
import type { Config } from './config.ts'

const MIB = 1024 * 1024

/** What owners may keep, beside what has a bound of its own: generations in flight, webhook endpoints. */
export const openHoldings = ({ bounds }: Config, db: Database) => ({
  takeItem: createHoldings({
    max: bounds.ownerItems,
    count: (ownerId) => countRows(db, 'savedItems', ownerId),
    message: `You may keep ${bounds.ownerItems} saved items; delete some first.`,
  }),
  takeKey: createHoldings({
    max: bounds.ownerKeys,
    count: (ownerId) => countRows(db, 'idempotencyKeys', ownerId),
    message: `You may use ${bounds.ownerKeys} idempotency keys a day.`,
  }),
  takeBytes: createHoldings({
    max: bounds.ownerUploadBytes,
    count: (ownerId) => sumUploads(db, ownerId),
    message: `You may keep ${Math.round(bounds.ownerUploadBytes / MIB)} MiB of uploads; delete some first.`,
  }),
})

/** By an index: some milliseconds for 100,000. */
const countRows = async (
  db: Database,
  table: 'savedItems' | 'idempotencyKeys',
  ownerId: string,
): Promise<number> => {
  const { count } = await db
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('ownerId', '=', ownerId)
    .executeTakeFirstOrThrow()
  return Number(count)
}

const sumUploads = async (db: Database, ownerId: string): Promise<number> => {
  const { bytes } = await db
    .selectFrom('imageMetadata')
    .select(sql<string>`coalesce(sum(size_bytes), 0)`.as('bytes'))
    .where('userId', '=', ownerId)
    .where('imageType', '=', 'user_uploaded')
    .executeTakeFirstOrThrow()
  return Number(bytes)
}
