import { type Kysely, sql } from 'kysely'

/** What a condition image is recognised by when it comes again in other bytes (ADR 34), and the images made from one. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table image_metadata
    add column pixel_digest text,
    add column perceptual_hash bit(64),
    add column condition_digest text`,
  'create index image_metadata_pixels on image_metadata (user_id, pixel_digest) where pixel_digest is not null',
  // Only the first of the same pictures is ever compared with another.
  `create index image_metadata_size on image_metadata (user_id, width, height, generated_at desc)
    where perceptual_hash is not null and condition_digest is null`,
  // Uploads from before this migration.
  `create index image_metadata_unprinted on image_metadata (user_id, width, height, generated_at desc)
    where perceptual_hash is null and image_type = 'user_uploaded' and object_key is not null`,
  `create index image_metadata_copies on image_metadata (user_id, source_digest)
    where condition_digest is not null`,
  `create index generations_condition on generations (owner_id, condition_image_digest)
    where condition_image_digest is not null`,
]
