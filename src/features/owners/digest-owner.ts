import { createHash } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'

/** Sets it apart from any other digest of the same text. */
const DOMAIN = 'imageonce owner\n'

/** What a receipt and the list of erasures know an owner by: SHA-256 (hex). Who knows the id can tell it; nobody can read it. */
export const digestOwner = (ownerId: string): string =>
  createHash('sha256').update(DOMAIN).update(ownerId).digest('hex')

/** The same in SQL. */
export const ownerDigestOf = (ownerId: RawBuilder<unknown>): RawBuilder<string> =>
  sql<string>`encode(sha256(convert_to(${sql.lit(DOMAIN)} || ${ownerId}, 'UTF8')), 'hex')`
