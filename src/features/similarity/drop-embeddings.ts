import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'

type Key = { fingerprint: string; model: string }

const PAGE_EMBEDDINGS = 1_000

/**
 * Deletes embeddings that nothing is found by: those of prompts that have had no image for a day and are not in flight, and, once
 * none of `completeModel` is missing, those of other models after 7 days, as the old and the new model are both in use while a
 * release rolls out.
 */
export const dropEmbeddings = async (
  db: Database,
  completeModel: string | undefined,
  signal: AbortSignal,
): Promise<{ deleted: number }> => {
  let deleted = 0
  for (let after: Key = { fingerprint: '', model: '' }; ; ) {
    signal.throwIfAborted()
    const page = await listEmbeddings(db, after, completeModel)
    const last = page.at(-1)
    if (!last) return { deleted }
    deleted += await deleteEmbeddings(
      db,
      page.filter(({ isUnwanted }) => isUnwanted),
    )
    after = last
  }
}

const listEmbeddings = async (db: Database, after: Key, completeModel: string | undefined) => {
  // In this form the generations can only be found by index, however many there are.
  const { rows } = await sql<Key & { isUnwanted: boolean }>`
    select fingerprint, model,
      coalesce(model <> ${completeModel ?? null}::text and created_at < now() - interval '7 days', false)
      or (created_at < now() - interval '1 day' and (
        select 1 from generations
        where generations.fingerprint = prompt_embeddings.fingerprint
          and (image_id = id or status in ('queued', 'running'))
        limit 1) is null) as is_unwanted
    from prompt_embeddings
    where (fingerprint, model) > (${after.fingerprint}, ${after.model})
    order by fingerprint, model limit ${PAGE_EMBEDDINGS}`.execute(db)
  return rows
}

const deleteEmbeddings = async (db: Database, keys: readonly Key[]): Promise<number> => {
  if (keys.length === 0) return 0
  const { numAffectedRows } = await sql`
    delete from prompt_embeddings where (fingerprint, model) in (
      select * from unnest(
        ${keys.map(({ fingerprint }) => fingerprint)}::text[],
        ${keys.map(({ model }) => model)}::text[]))`.execute(db)
  return Number(numAffectedRows ?? 0)
}
