import { sql, type Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Schema } from '../../../db/schema.ts'
import type { SimilarityMode } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'
import { type CheckRow, findCheck } from './checks.ts'
import { measurePrecision } from './precision.ts'
import { countDeciding } from './verdicts.ts'

export type FeedbackDeps = {
  db: Database
  /** From 0 to 1: under it an owner's reuse turns itself back to `suggest`. */
  precisionFloor: number
  /** Called with every verdict once it is written. */
  onVerdict: (verdict: Verdict) => void
}

export type Verdict = {
  generationId: string
  mode: SimilarityMode
  accepted: boolean
  /** Set by the one verdict that made the owner's reuse fall back: the precision that was too low. */
  fellBackAt?: { precision: number; judged: number }
}

/**
 * Writes down whether the similar image that was found for a generation is right, or would have been; the newest word holds. What
 * follows from it is one with it. Answers with what was judged; throws `nothing_to_judge`.
 */
export const judgeCheck = async (
  deps: FeedbackDeps,
  generationId: string,
  accepted: boolean,
): Promise<CheckRow> => {
  await judge(deps, accepted, (update) => update.where('generationId', '=', generationId))
  const check = await findCheck(deps.db, generationId)
  if (check) return check
  throw new AppError(
    'nothing_to_judge',
    'No similar image was found for this generation that reuse would answer with.',
  )
}

/**
 * Takes an owner's wish for an image of its own as a rejection of the similar one that its request was answered with, unless
 * somebody has judged that already.
 */
export const rejectReused = async (
  deps: FeedbackDeps,
  ownerId: string,
  fingerprint: string,
): Promise<void> => {
  await judge(deps, false, (update) =>
    update
      .where('ownerId', '=', ownerId)
      .where('mode', '=', 'reuse')
      .where('accepted', 'is', null)
      .where('generationId', 'in', ({ selectFrom }) =>
        selectFrom('generations').select('id').where('fingerprint', '=', fingerprint),
      ),
  )
}

type Update = ReturnType<typeof updateMatches>

const judge = async (
  { db, precisionFloor, onVerdict }: FeedbackDeps,
  accepted: boolean,
  narrow: (update: Update) => Update,
): Promise<void> => {
  const verdicts = await db.transaction().execute(async (tx) => {
    const judged = await narrow(updateMatches(tx, accepted))
      .returning(['generationId', 'ownerId', 'mode'])
      .execute()
    const reused = judged.find(({ mode }) => mode === 'reuse')
    const fellBackAt = reused && (await fallBackUnder(tx, reused.ownerId, precisionFloor))
    return judged.map(({ generationId, mode }) => ({
      generationId,
      mode,
      accepted,
      ...(generationId === reused?.generationId && fellBackAt && { fellBackAt }),
    }))
  })
  verdicts.forEach(onVerdict)
}

const updateMatches = (tx: Transaction<Schema>, accepted: boolean) =>
  tx
    .updateTable('similarityChecks')
    .set({ accepted, judgedAt: sql<Date>`now()` })
    .where('isMatch', '=', true)

/** Two verdicts at once come one after the other from here on, so that the later one counts both. */
const fallBackUnder = async (
  tx: Transaction<Schema>,
  ownerId: string,
  floor: number,
): Promise<Verdict['fellBackAt']> => {
  const { fellBackAt } = await lockOwner(tx, ownerId)
  if (fellBackAt) return undefined
  const { accepted, rejected, precision } = measurePrecision(await countDeciding(tx, ownerId))
  const judged = accepted + rejected
  if (precision === null || judged < MIN_DECIDING || precision >= floor) return undefined
  await tx
    .updateTable('ownerSimilarity')
    .set({ fellBackAt: sql<Date>`now()` })
    .where('ownerId', '=', ownerId)
    .execute()
  return { precision, judged }
}

/** One rejection may be a matter of taste: people decline pictures that they like, because they want another. */
const MIN_DECIDING = 3

const lockOwner = (tx: Transaction<Schema>, ownerId: string) =>
  tx
    .insertInto('ownerSimilarity')
    .values({ ownerId })
    .onConflict((conflict) => conflict.column('ownerId').doUpdateSet({ ownerId }))
    .returning('fellBackAt')
    .executeTakeFirstOrThrow()
