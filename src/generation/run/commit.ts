import type { RawBuilder, Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow, NewImage, Schema } from '../../../db/schema.ts'
import type { AppError } from '../../lib/errors.ts'
import type { InspectedImage } from '../ports.ts'
import { describeGenerated, describeStoredImage } from '../state/image-rows.ts'
import { type Claim, completeGeneration, failGeneration } from '../state/transitions.ts'
import { describeSteps, type StepTimes } from './attempts.ts'
import type { Words } from './store-image.ts'

/**
 * The image's row, the generation's success, its event and the nudge, and the steps of its last attempt: all or nothing.
 * False when the claim no longer stands; nothing is changed then.
 */
export const commitImage = (
  db: Database,
  claim: Claim,
  image: InspectedImage,
  steps: StepTimes,
  { said, answer }: Words = {},
): Promise<boolean> =>
  commit(
    db,
    {
      ...describeGenerated(claim),
      imageType: 'generated',
      ...describeStoredImage(image, claim.objectKey),
      sourceDigest: image.digest,
      said: said ?? null,
      answer: answer === undefined ? null : JSON.stringify(answer),
    },
    (tx) => completeGeneration(tx, claim, claim.id),
    steps,
  )

/** The failure with its placeholder among the owner's images, which a later success replaces. */
export const commitPlaceholder = (db: Database, claim: Claim, error: AppError): Promise<boolean> =>
  commit(db, describePlaceholder(claim), (tx) => failGeneration(tx, claim, error))

/** What stands among an owner's images for one that was not made. */
export const describePlaceholder = (generation: GenerationRow) => ({
  ...describeGenerated(generation),
  imageType: 'placeholder' as const,
})

type GeneratedImage = Omit<NewImage, 'generatedAt'> & { generatedAt: RawBuilder<Date> }

const commit = async (
  db: Database,
  image: GeneratedImage,
  change: (tx: Transaction<Schema>) => Promise<unknown>,
  steps?: StepTimes,
): Promise<boolean> => {
  try {
    await db.transaction().execute(async (tx) => {
      await withSteps(tx, image.id, steps)
        .insertInto('imageMetadata')
        .values(image)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(image))
        .execute()
      if (!(await change(tx))) throw new ClaimLost()
    })
    return true
  } catch (error) {
    if (error instanceof ClaimLost || isOwnerGone(error)) return false
    throw error
  }
}

/** Writes the steps of the newest attempt along with whatever statement comes next. */
const withSteps = (tx: Transaction<Schema>, generationId: string, steps: StepTimes | undefined) =>
  steps
    ? tx.with('timed', (query) =>
        query
          .updateTable('attempts')
          .set({ steps: describeSteps(steps.listAges()) })
          .where('id', '=', ({ selectFrom }) =>
            selectFrom('attempts as newest')
              .select(({ fn }) => fn.max('newest.id').as('id'))
              .where('newest.generationId', '=', generationId),
          ),
      )
    : tx

/** SQLSTATE 23503: the owner was erased, and the generation with it. */
const isOwnerGone = (error: unknown): boolean =>
  (error as { code?: unknown } | undefined)?.code === '23503'

/** Rolls the transaction back. */
class ClaimLost extends Error {}
