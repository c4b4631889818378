import type { Database } from '../../db/database.ts'
import type { NewGeneration, NewImage } from '../../db/schema.ts'
import { insertGeneration, insertImage, newGenerationId } from './rows.ts'

/** A prompt whose vector is known, with the generations that were made for it. */
export type KnownPrompt = {
  ownerId: string
  scope: string
  model: string
  code: Buffer
  fingerprint: string
}

export const insertCode = (db: Database, prompt: KnownPrompt): Promise<unknown> =>
  db
    .insertInto('promptEmbeddings')
    .values({ ...prompt, promptDigest: prompt.fingerprint })
    .execute()

/** A generation of the prompt that succeeded, with an image of its own. Answers with the image's id. */
export const insertImageFor = async (
  db: Database,
  { ownerId, fingerprint }: Pick<KnownPrompt, 'ownerId' | 'fingerprint'>,
  given: { generation?: Partial<NewGeneration>; image?: Partial<Pick<NewImage, 'userId'>> } = {},
): Promise<string> => {
  const id = newGenerationId()
  const generation = { id, ownerId, fingerprint, status: 'succeeded' as const }
  const { objectKey } = await insertGeneration(db, { ...generation, ...given.generation })
  await insertImage(db, { userId: ownerId, ...given.image, id, objectKey })
  await db.updateTable('generations').set({ imageId: id }).where('id', '=', id).execute()
  return id
}
