import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import type { ImageStore } from '../../src/generation/ports.ts'
import { listThumbnailKeys } from '../../src/generation/read/thumbnail-keys.ts'
import { limitConcurrency } from '../../src/lib/limit-concurrency.ts'

export type FilledOwner = {
  ownerId: string
  /** Stands in every text that the owner wrote. */
  secret: string
  images: number
  /** What the calls of each image have cost. */
  costUsd: number
}

/** Something of an owner in every table that may hold it, and the objects of the images, each of so many bytes. */
export const fillOwner = async (
  db: Database,
  store: ImageStore,
  { ownerId, secret, images, costUsd }: FilledOwner,
  imageBytes = 100,
): Promise<void> => {
  for (const statement of statementsFor({ ownerId, secret, images, costUsd })) {
    await statement.execute(db)
  }
  await putObjects(db, store, ownerId, imageBytes)
}

const statementsFor = ({ ownerId, secret, images, costUsd }: FilledOwner) => {
  const id = sql`'g_' || left(encode(sha256(convert_to(${ownerId}::text || number, 'UTF8')), 'hex'), 40)`
  const numbers = sql`generate_series(1, ${images}::int) as number`
  const one = sql`(select id from generations where owner_id = ${ownerId} order by id limit 1)`
  return [
    sql`insert into users (id) values (${ownerId}) on conflict do nothing`,
    sql`insert into image_metadata (id, user_id, image_url, image_type, prompt, object_key, mime_type, size_bytes, content_digest)
      select ${id}, ${ownerId}, '/images/' || ${id}, 'generated', ${secret}::text || number, 'generated/' || ${id} || '/first',
        'image/png', 108, repeat('d', 64) from ${numbers}`,
    sql`insert into image_metadata (id, user_id, image_url, image_type, object_key, mime_type, source_digest)
      values ('i_' || left(md5(${ownerId}), 20) || repeat('0', 20), ${ownerId}, '', 'user_uploaded',
        'uploads/i_' || left(md5(${ownerId}), 20) || repeat('0', 20) || '/first', 'image/png', repeat('e', 64))`,
    sql`insert into generations (id, owner_id, fingerprint, status, lane, prompt, transformation, provider, model, image_size,
        object_key, image_id, cost_usd, paid_calls, attempts, claims, event_sequence, started_at, finished_at)
      select ${id}, ${ownerId}, ${id}, 'succeeded', 'interactive', ${secret}::text || number, 'generate', 'gemini',
        'gemini-nano-banana-2.1', '1K', 'generated/' || ${id} || '/first', ${id}, ${costUsd}, 1, 1, 1, 3, now(), now()
      from ${numbers}`,
    sql`insert into attempts (generation_id, fence, worker_id, provider, model, finished_at, outcome, cost_usd, held_usd)
      select id, 1, 'a worker', 'gemini', model, now(), 'image', ${costUsd}, ${costUsd} from generations where owner_id = ${ownerId}`,
    sql`insert into generation_events (owner_id, generation_id, sequence, type)
      select ${ownerId}, id, sequence, type from generations,
        (values (1, 'generation.queued'), (2, 'generation.running'), (3, 'generation.succeeded'),
          (null, 'generation_started')) as one(sequence, type) where owner_id = ${ownerId}`,
    sql`insert into generation_events (owner_id, generation_id, type, data)
      select ${ownerId}, id, 'generation_completed', '{"durationMs": 100}' from generations where owner_id = ${ownerId}`,
    sql`insert into surplus_objects (generation_id, attempt_id, digest, kind, size_bytes, object_key)
      values (${one}, 1, repeat('a', 64), 'picture', 108, 'surplus/' || ${one} || '/a')`,
    sql`insert into deleted_objects (object_key) values ('generated/' || ${one} || '/deleted')`,
    sql`insert into orphan_objects (object_key, modified_at, found_at) values ('generated/' || ${one} || '/orphan', now(), now())`,
    sql`insert into idempotency_keys (owner_id, key, request_digest, generation_id, expires_at)
      select ${ownerId}, ${secret}::text || number, '', ${one}, now() + interval '1 day' from ${numbers}`,
    sql`insert into saved_items (owner_id, id, title, prompt, data, generation_id, source)
      select ${ownerId}, number, ${secret}, ${secret}, ${JSON.stringify({ secret })}, ${one}, 'cms' from ${numbers}`,
    sql`insert into webhook_endpoints (id, owner_id, url, events, description, secret)
      values ('we_' || md5(${ownerId}), ${ownerId}, 'http://127.0.0.1:9/' || ${secret}::text, '{generation.canceled}', ${secret}, 'whsec')`,
    sql`insert into webhook_endpoints (id, source, url, events, secret)
      values ('we_source' || md5(${ownerId}), 'cms', 'http://127.0.0.1:9', '{generation.canceled}', 'whsec')`,
    sql`insert into webhook_deliveries (endpoint_id, type, generation_id, event_sequence, owner_id, item_id, snapshot, status, next_attempt_at)
      select endpoint, 'generation.succeeded', ${one}, 3, owner, item, ${JSON.stringify({ prompt: secret })}::jsonb, 'delivered', null
      from (values ('we_' || md5(${ownerId}), null, null), ('we_source' || md5(${ownerId}), ${ownerId}, '1'))
        as one(endpoint, owner, item)`,
    sql`insert into webhook_attempts (delivery_id, started_at, duration_ms, answer)
      select id, now(), 1, ${secret} from webhook_deliveries where generation_id = ${one}`,
    sql`insert into prompt_embeddings (fingerprint, model, owner_id, scope, prompt_digest, code)
      select id, 'a model', ${ownerId}, 'scope', 'digest', '\\x00' from generations where owner_id = ${ownerId}`,
    sql`insert into similarity_checks (generation_id, owner_id, mode, model, is_match, duration_ms, embedding_cost_usd)
      select id, ${ownerId}, 'suggest', 'a model', false, 1, 0 from generations where owner_id = ${ownerId}`,
    sql`insert into access_keys (id, digest, prefix, name, owner_id, scopes, created_by)
      values ('k_' || md5(${ownerId}), sha256(convert_to(${ownerId}, 'UTF8')), 'io_', ${secret}, ${ownerId}, '{read}', ${ownerId})`,
    sql`insert into owner_similarity (owner_id, mode) values (${ownerId}, 'suggest')`,
  ]
}

/** They begin as a png does. */
const makeBytes = (size: number) =>
  Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(size)])

const putObjects = async (db: Database, store: ImageStore, ownerId: string, bytes: number) => {
  const limit = limitConcurrency(16)
  const images = await db
    .selectFrom('imageMetadata')
    .select('objectKey')
    .where('userId', '=', ownerId)
    .orderBy('id')
    .execute()
  const keys = images.flatMap(({ objectKey }) => objectKey ?? [])
  const [first = ''] = keys
  const others = [
    ...listThumbnailKeys({ key: first, version: 'd'.repeat(12) }),
    `${first.replace('/first', '')}/deleted`,
    `surplus/${first.split('/')[1]}/a`,
  ]
  await Promise.all(
    [...keys, ...others].map((key) =>
      limit(() => store.put(key, { mimeType: 'image/png', bytes: makeBytes(bytes) })),
    ),
  )
}
