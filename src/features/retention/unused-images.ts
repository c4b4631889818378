import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'

export type UnusedImage = { id: string; userId: string }

const PAGE_IMAGES = 500

/** In this form it can only be done by index, however many items there are. */
const isSaved = sql<boolean>`
  (select true from saved_items where saved_items.generation_id = generations.id limit 1) is not null`

/**
 * Pages of images that nobody has looked at, been answered with, or made anything of for so many days, and that no saved item
 * shows. Accesses are known since the upgrade that began to write them down: nothing was unused before. By id after `after`.
 */
export const listUnusedImages = async (
  db: Database,
  days: number,
  after: string,
): Promise<UnusedImage[]> => {
  const cutoff = sql`now() - ${days}::int * interval '1 day'`
  const { rows } = await sql<UnusedImage>`
    select id, user_id from image_metadata as image
    where id > ${after} and object_key is not null and generated_at < ${cutoff}
      and (accessed_on is null or accessed_on < (${cutoff})::date)
      and (select accesses_since from installation) < ${cutoff}
      and not exists (
        select from generations where image_id = image.id and (
          generations.created_at >= ${cutoff}
          or ${isSaved}))
      and not exists (
        select from saved_items where saved_items.owner_id = image.user_id and saved_items.condition_image_id = image.id)
      and (image_type <> 'user_uploaded' or not exists (
        select from generations
        where owner_id = image.user_id and condition_image_digest = coalesce(image.condition_digest, image.source_digest)
          and (generations.created_at >= ${cutoff} or status in ('queued', 'running'))))
      and not exists (
        select from generations
        where owner_id = image.user_id and details is not null
          and jsonb_path_query_array(details, '$.**.digest') @> to_jsonb(coalesce(image.condition_digest, image.source_digest))
          and (generations.created_at >= ${cutoff} or status in ('queued', 'running')))
    order by id limit ${PAGE_IMAGES}`.execute(db)
  return rows
}
