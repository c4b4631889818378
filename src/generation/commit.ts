import type { Transaction } from 'kysely'
import type { Database } from '../../db/database.ts'
import type { NewImage, Schema } from '../../db/schema.ts'
import type { AppError } from '../errors.ts'
import { describeStoredImage } from './image-row.ts'
import type { InspectedImage } from './ports.ts'
import { type Claim, completeGeneration, failGeneration } from './transitions.ts'

/** As long as the older model kept it. */
const STORED_PROMPT_CHARACTERS = 500

/**
 * The image's row, the generation's success, its event and the nudge: all or nothing.
 * False when the claim no longer stands; nothing is changed then.
 */
export const commitImage = (db: Database, claim: Claim, image: InspectedImage): Promise<boolean> =>
  commit(
    db,
    {
      ...describe(claim),
      imageType: 'generated',
      ...describeStoredImage(image, claim.objectKey),
      sourceDigest: image.digest,
    },
    (tx) => completeGeneration(tx, claim, { imageId: claim.id }),
  )

/** The failure with its stand-in among the owner's images, which a later success replaces. */
export const commitPlaceholder = (db: Database, claim: Claim, error: AppError): Promise<boolean> =>
  commit(db, { ...describe(claim), imageType: 'placeholder' }, (tx) =>
    failGeneration(tx, claim, error),
  )

const commit = async (
  db: Database,
  image: NewImage,
  change: (tx: Transaction<Schema>) => Promise<unknown>,
): Promise<boolean> => {
  try {
    await db.transaction().execute(async (tx) => {
      await tx
        .insertInto('imageMetadata')
        .values(image)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(image))
        .execute()
      if (!(await change(tx))) throw new ClaimLost()
    })
    return true
  } catch (error) {
    if (error instanceof ClaimLost) return false
    throw error
  }
}

/** Rolls the transaction back. */
class ClaimLost extends Error {}

const describe = (claim: Claim) => ({
  id: claim.id,
  userId: claim.ownerId,
  imageUrl: `/images/${claim.id}`,
  prompt: claim.prompt.slice(0, STORED_PROMPT_CHARACTERS),
  generatedAt: new Date(),
})
