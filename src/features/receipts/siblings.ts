import type { Database } from '../../../db/database.ts'
import type { ImageRow } from '../../../db/schema.ts'
import type { Sibling } from '../../contract/receipt.ts'
import { conditionDigestOf, listImages } from '../../generation/read/list-images.ts'
import { allWordsOf, hasWords, mostWordsOf, shareOfWords } from '../../generation/read/search.ts'
import { findOwnedImage, findOwnedImages } from '../../generation/state/image-rows.ts'
import { findGenerations, type GenerationWithImage } from '../../generation/state/repository.ts'
import { listDetailImages } from '../../generation/state/request-details.ts'
import { listDifferences } from './differences.ts'

/** More than fit beside an image. */
const MAX_OF_EACH = 12
const MAX_ALIKE = 6
/** So many that share words are looked at; of a prompt that is made of a template there are more. */
const MAX_CANDIDATES = 500
/** Under it they are about something else. */
const MIN_SHARE_OF_WORDS = 0.6

export type FoundSibling = Pick<Sibling, 'relation' | 'differs'> & { row: GenerationWithImage }

/** The images of the same owner that are near one: of the same request, of the same words, of nearly the same, and made from it. */
export const findSiblings = async (
  db: Database,
  maker: GenerationWithImage,
): Promise<FoundSibling[]> => {
  const found = await Promise.all([
    findAgain(db, maker),
    findVariants(db, maker),
    findAlike(db, maker),
    findMadeFrom(db, maker),
  ])
  const relations = new Map<string, Sibling['relation']>()
  for (const [at, ids] of found.entries()) {
    for (const id of ids) if (!relations.has(id)) relations.set(id, RELATIONS[at] ?? 'alike')
  }
  relations.delete(maker.id)
  const rows = relations.size > 0 ? await findGenerations(db, [...relations.keys()]) : []
  const byId = new Map(rows.map((row) => [row.id, row]))
  return [...relations].flatMap(([id, relation]) => {
    const row = byId.get(id)
    const isShown = row?.imageObjectKey && row.ownerId === maker.ownerId
    return isShown ? [{ relation, row, differs: listDifferences(maker, row) }] : []
  })
}

/** In the order of what is looked for; an image that is several of them is the first. */
const RELATIONS = ['again', 'variant', 'alike', 'made'] as const satisfies Sibling['relation'][]

/** The images that it was made from, as far as they are there. */
export const findSources = (
  db: Database,
  { ownerId, conditionImageId, details }: GenerationWithImage,
): Promise<ImageRow[]> => {
  const others = listDetailImages(details).map(({ id }) => id)
  const ids = [...new Set([...(conditionImageId ? [conditionImageId] : []), ...others])]
  return ids.length > 0 ? findOwnedImages(db, ownerId, ids) : Promise.resolve([])
}

/** Those that show images of their own. */
const ofOwn = (db: Database, { ownerId, fingerprint }: GenerationWithImage) =>
  db
    .selectFrom('generations as g')
    .select(['g.id', 'g.prompt'])
    .where('g.ownerId', '=', ownerId)
    .whereRef('g.imageId', '=', 'g.id')
    .where('g.fingerprint', '<>', fingerprint)

const findAgain = async (
  db: Database,
  { ownerId, fingerprint }: GenerationWithImage,
): Promise<string[]> => {
  const rows = await db
    .selectFrom('generations')
    .select('id')
    .where('fingerprint', '=', fingerprint)
    .where('ownerId', '=', ownerId)
    .whereRef('imageId', '=', 'id')
    .orderBy('createdAt', 'desc')
    .limit(MAX_OF_EACH)
    .execute()
  return rows.map(({ id }) => id)
}

const findVariants = async (db: Database, maker: GenerationWithImage): Promise<string[]> => {
  const rows = await ofOwn(db, maker)
    .where(hasWords('g', maker.ownerId, allWordsOf(maker.prompt)))
    .where('g.prompt', '=', maker.prompt)
    .orderBy('g.createdAt', 'desc')
    .limit(MAX_OF_EACH)
    .execute()
  return rows.map(({ id }) => id)
}

const findAlike = async (db: Database, maker: GenerationWithImage): Promise<string[]> => {
  const rows = await ofOwn(db, maker)
    .where(hasWords('g', maker.ownerId, mostWordsOf(maker.prompt)))
    .where('g.prompt', '<>', maker.prompt)
    .limit(MAX_CANDIDATES)
    .execute()
  return rows
    .map(({ id, prompt }) => ({ id, share: shareOfWords(maker.prompt, prompt) }))
    .filter(({ share }) => share >= MIN_SHARE_OF_WORDS)
    .sort((a, b) => b.share - a.share)
    .slice(0, MAX_ALIKE)
    .map(({ id }) => id)
}

const findMadeFrom = async (
  db: Database,
  { id, ownerId }: GenerationWithImage,
): Promise<string[]> => {
  const image = await findOwnedImage(db, ownerId, id)
  const conditionDigest = image && conditionDigestOf(image)
  if (!conditionDigest) return []
  const made = await listImages(db, { ownerId, conditionDigest, limit: MAX_OF_EACH })
  return made.map((each) => each.id)
}
