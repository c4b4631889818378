import type { Kysely } from 'kysely'
import { alterPatiently } from '../alter-patiently.ts'
import { replaceIndex } from '../replace-index.ts'

/**
 * What a request says beyond the columns there are, and what the model said beside the picture (ADR 67). Columns that are null
 * everywhere: no table is rewritten, and the index, of the rows that have details alone, is empty.
 */
export const isOnline = true

export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of alterations) await alterPatiently(db, statement)
  await replaceIndex(db, detailImages)
}

const alterations = [
  'alter table generations add column if not exists details jsonb',
  `alter table image_metadata
    add column if not exists said text,
    add column if not exists answer jsonb`,
]

/** Which generations an image is named in, besides as their first condition image. */
const detailImages = {
  name: 'generations_detail_images',
  on: `generations using gin (jsonb_path_query_array(details, '$.**.digest')) where details is not null`,
  replaces: [],
}
