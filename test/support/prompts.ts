import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import type { NewGeneration, NewImage } from '../../db/schema.ts'
import { encodeVector } from '../../src/features/similarity/embedding-code.ts'
import { insertGeneration, insertImage, newGenerationId } from './rows.ts'

/** A prompt whose vector is known. */
export type KnownPrompt = {
  ownerId: string
  scope: string
  model: string
  code: Buffer
  fingerprint: string
}

export const DIMENSIONS = 32

/** The code of a vector that is nothing but its first dimensions. */
export const codeOf = (...values: number[]): Buffer =>
  encodeVector(Float32Array.from({ length: DIMENSIONS }, (_, index) => values[index] ?? 0))

export const known = (given: Partial<KnownPrompt> = {}): KnownPrompt => ({
  ownerId: 'alice',
  scope: 'a scope',
  model: 'a model',
  code: codeOf(1),
  fingerprint: newGenerationId(),
  ...given,
})

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

/** Vectors of Alice's, or another's, prompts. Answers with their fingerprints. */
export const insertCodes = async (
  db: Database,
  codes: readonly Buffer[],
  ownerId = 'alice',
): Promise<string[]> => {
  const ids = codes.map(() => newGenerationId())
  await sql`insert into prompt_embeddings (fingerprint, model, owner_id, scope, prompt_digest, code)
    select id, 'a model', ${ownerId}, 'a scope', id, code
    from unnest(${ids}::text[], ${codes}::bytea[]) as made (id, code)`.execute(db)
  return ids
}

/** The same of Alice's with an image each, which has its prompt's fingerprint for an id. */
export const insertManyKnown = async (
  db: Database,
  codes: readonly Buffer[],
): Promise<string[]> => {
  const ids = await insertCodes(db, codes)
  await sql`insert into image_metadata (id, user_id, image_url, image_type, object_key)
    select id, 'alice', '/images/' || id, 'generated', id from unnest(${ids}::text[]) as made (id)`.execute(
    db,
  )
  await sql`insert into generations (id, owner_id, fingerprint, status, lane, prompt, transformation, provider, model,
      image_size, object_key, image_id)
    select id, 'alice', id, 'succeeded', 'interactive', 'a test', 'generate', 'local', 'local', '1K', id, id
    from unnest(${ids}::text[]) as made (id)`.execute(db)
  return ids
}
