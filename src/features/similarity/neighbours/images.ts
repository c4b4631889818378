import { sql } from 'kysely'
import type { Database } from '../../../../db/database.ts'
import type { Neighbour } from '../ports.ts'
import type { Candidate } from './nearest.ts'

/**
 * The images that there are for these prompts, in their order: for each prompt the owner's newest one that was made for it
 * and is neither deleted nor lost.
 */
export const findImages = async (
  db: Database,
  ownerId: string,
  candidates: readonly Candidate[],
): Promise<Neighbour[]> => {
  if (candidates.length === 0) return []
  const fingerprints = candidates.map(({ fingerprint }) => fingerprint)
  // A reused image belongs to another prompt, whose own fingerprint leads to it.
  const { rows } = await sql<ImageRow>`
    select wanted.fingerprint, made.id, made.prompt
    from unnest(${fingerprints}::text[]) as wanted (fingerprint)
    cross join lateral (
      select g.id, g.prompt from generations g join image_metadata m on m.id = g.id
      where g.fingerprint = wanted.fingerprint and g.owner_id = ${ownerId} and g.status = 'succeeded'
        and g.image_id = g.id and m.user_id = ${ownerId} and m.object_key is not null
      order by g.finished_at desc nulls last limit 1
    ) as made`.execute(db)
  const images = new Map(rows.map((row) => [row.fingerprint, row]))
  return candidates.flatMap(({ fingerprint, similarity }) => {
    const image = images.get(fingerprint)
    return image ? [{ imageId: image.id, prompt: image.prompt, similarity }] : []
  })
}

type ImageRow = { fingerprint: string; id: string; prompt: string }
