import { createHash } from 'node:crypto'
import type { Database } from '../../../../db/database.ts'

/** Names two texts, whichever comes first, without keeping either. */
export const digestPair = (a: string, b: string): string =>
  createHash('sha256')
    .update(JSON.stringify([a, b].sort()))
    .digest('hex')

/** What this model has said of these pairs of the owner's, by their digests. */
export const findVerdicts = async (
  db: Database,
  ownerId: string,
  model: string,
  digests: readonly string[],
): Promise<Map<string, boolean>> => {
  if (digests.length === 0) return new Map()
  const rows = await db
    .selectFrom('judgeVerdicts')
    .select(['pairDigest', 'isSame'])
    .where('ownerId', '=', ownerId)
    .where('model', '=', model)
    .where('pairDigest', 'in', digests)
    .execute()
  return new Map(rows.map(({ pairDigest, isSame }) => [pairDigest, isSame]))
}

/** Of two at once the first stays. */
export const insertVerdict = async (
  db: Database,
  row: { ownerId: string; model: string; pairDigest: string; isSame: boolean },
): Promise<void> => {
  await db
    .insertInto('judgeVerdicts')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
