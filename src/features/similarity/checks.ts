import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { VerdictState } from '../../contract/similarity.ts'
import type { SimilarityMode } from '../../contract/vocabulary.ts'
import type { PagePosition } from '../../generation/state/repository.ts'

/** Which matches are meant; what is absent narrows nothing. */
export type CheckFilter = {
  /** Undefined: everybody's. */
  ownerId: string | undefined
  verdict?: VerdictState | undefined
  mode?: SimilarityMode | undefined
}

export type CheckRow = Awaited<ReturnType<typeof listChecks>>[number]

/** The comparisons that found an image which `reuse` answers with, newest first. */
export const listChecks = (
  db: Database,
  {
    ownerId,
    verdict,
    mode,
    before,
    limit,
  }: CheckFilter & { before: PagePosition | undefined; limit: number },
) => {
  let query = selectMatches(db)
  if (ownerId !== undefined) query = query.where('ownerId', '=', ownerId)
  if (mode) query = query.where('mode', '=', mode)
  if (verdict === 'pending') query = query.where('accepted', 'is', null)
  else if (verdict) query = query.where(isVerdict(verdict))
  if (before) {
    query = query.where(sql<boolean>`(created_at, generation_id) < (${before.at}, ${before.id})`)
  }
  const page = query.orderBy('createdAt', 'desc').orderBy('generationId', 'desc').limit(limit)
  return describe(db, page).execute()
}

/** Undefined where there is none, or none that found such an image. */
export const findCheck = (db: Database, generationId: string): Promise<CheckRow | undefined> =>
  describe(db, selectMatches(db).where('generationId', '=', generationId)).executeTakeFirst()

const selectMatches = (db: Database) =>
  db.selectFrom('similarityChecks').selectAll().where('isMatch', '=', true)

/** From `accepted = false` alone Postgres does not see that its index of what was judged will do. */
const isVerdict = (verdict: 'accepted' | 'rejected') =>
  sql<boolean>`accepted is not null and accepted = ${verdict === 'accepted'}`

/**
 * With both pictures and prompts. The page is cut before it is joined, or Postgres takes the joins for what makes rows few. Both
 * generations must be the owner's: whatever a row says, no other owner's picture or prompt comes out.
 */
const describe = (db: Database, page: ReturnType<typeof selectMatches>) =>
  db
    .selectFrom(page.as('c'))
    .innerJoin('generations as g', (join) =>
      join.onRef('g.id', '=', 'c.generationId').onRef('g.ownerId', '=', 'c.ownerId'),
    )
    .leftJoin('imageMetadata as shown', (join) =>
      join.onRef('shown.id', '=', 'g.imageId').onRef('shown.userId', '=', 'c.ownerId'),
    )
    .leftJoin('generations as maker', (join) =>
      join.onRef('maker.id', '=', 'c.imageId').onRef('maker.ownerId', '=', 'c.ownerId'),
    )
    .leftJoin('imageMetadata as found', (join) =>
      join.onRef('found.id', '=', 'maker.id').onRef('found.userId', '=', 'c.ownerId'),
    )
    .select([
      'c.generationId',
      'c.ownerId',
      'c.mode',
      'c.similarity',
      'c.accepted',
      'c.durationMs',
      'c.embeddingCostNanoUsd',
      'c.judgeModel',
      'c.judgeCostNanoUsd',
      'c.createdAt',
      'g.prompt',
      'shown.contentDigest',
      'found.id as matchId',
      'maker.prompt as matchPrompt',
      'found.contentDigest as matchContentDigest',
    ])
    .orderBy('c.createdAt', 'desc')
    .orderBy('c.generationId', 'desc')
