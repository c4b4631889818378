import type { Database } from '../../../../db/database.ts'
import { readAnswer } from '../../../generation/state/image-rows.ts'
import type { GenerationWithImage } from '../../../generation/state/repository.ts'
import { type Usage, usageOf } from './usage.ts'

type Made = Pick<GenerationWithImage, 'id' | 'imageId' | 'imageContentDigest'>

/** What the call took that made a generation's image; undefined where that is not on record. */
export type FindUsage = (made: Made) => Promise<Usage | undefined>

const MAX_REMEMBERED = 10_000

/** Of an image it never changes, so a repeat asks Postgres for nothing more than its generation. */
export const createFindUsage = (db: Database): FindUsage => {
  const known = new Map<string, Usage | undefined>()
  return async ({ id, imageId, imageContentDigest }) => {
    const key = `${imageId ?? id} ${imageContentDigest}`
    if (known.has(key)) return known.get(key)
    const usage = usageOf(await readAnswer(db, imageId ?? id))
    const [oldest] = known.keys()
    if (known.size >= MAX_REMEMBERED && oldest !== undefined) known.delete(oldest)
    known.set(key, usage)
    return usage
  }
}
