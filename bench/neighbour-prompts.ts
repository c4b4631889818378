import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { encodeVector } from '../src/features/similarity/embedding-code.ts'

const BATCH_ROWS = 5_000
const TOPICS = 100
/** Of the dimensions: prompts of one topic are about 0.9 near. */
const CHANGED_SHARE = 0.05

export type Prompts = ReturnType<typeof createPrompts>

/** Prompts of a hundred topics, with vectors of so many dimensions. */
export const createPrompts = (client: pg.Client, dimensions: number) => {
  const model = `bench@${dimensions}`
  const topics = Array.from({ length: TOPICS }, () =>
    Float32Array.from({ length: dimensions }, () => Math.random() * 2 - 1),
  )
  const createCode = () => {
    const vector = Float32Array.from(topics[Math.floor(Math.random() * TOPICS)] ?? [])
    for (let change = 0; change < dimensions * CHANGED_SHARE; change++) {
      vector[Math.floor(Math.random() * dimensions)] = Math.random() * 2 - 1
    }
    return encodeVector(vector)
  }

  /** So many of each owner, each with an image, in no order: as they come when many ask at the same time. */
  const insert = async (counts: Record<string, number>): Promise<void> => {
    await client.query(insertOwners, [Object.keys(counts)])
    const rows = Object.entries(counts)
      .flatMap(([ownerId, count]) =>
        Array.from({ length: count }, () => ({ ownerId, id: createId() })),
      )
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    for (let from = 0; from < rows.length; from += BATCH_ROWS) {
      const batch = rows.slice(from, from + BATCH_ROWS)
      const ids = batch.map(({ id }) => id)
      const ownerIds = batch.map(({ ownerId }) => ownerId)
      await client.query(insertCodes, [model, ids, ownerIds, batch.map(createCode)])
      await client.query(insertImages, [ids, ownerIds])
      await client.query(insertGenerations, [ids, ownerIds])
    }
    await client.query('vacuum analyze')
  }

  /** What a new prompt of the owner is looked for by. */
  const next = (ownerId: string) => ({
    ownerId,
    scope: SCOPE,
    model,
    code: createCode(),
    fingerprint: createId(),
  })
  return { insert, next }
}

const SCOPE = 'everything'

const createId = () => `g_${randomBytes(20).toString('hex')}`

const insertOwners = 'insert into users (id) select unnest($1::text[]) on conflict do nothing'

const insertCodes = `
  insert into prompt_embeddings (fingerprint, model, owner_id, scope, prompt_digest, code)
  select id, $1, owner_id, '${SCOPE}', encode(sha256(id::bytea), 'hex'), code
  from unnest($2::text[], $3::text[], $4::bytea[]) as made (id, owner_id, code)`

const insertImages = `
  insert into image_metadata (id, user_id, image_url, image_type, object_key)
  select id, owner_id, '/images/' || id, 'generated', 'generated/' || id
  from unnest($1::text[], $2::text[]) as made (id, owner_id)`

const insertGenerations = `
  insert into generations (id, owner_id, fingerprint, status, lane, prompt, transformation, provider, model, image_size,
    object_key, image_id, finished_at)
  select id, owner_id, id, 'succeeded', 'interactive', 'prompt ' || id, 'generate', 'gemini', 'm', '1K', 'generated/' || id,
    id, now()
  from unnest($1::text[], $2::text[]) as made (id, owner_id)`
