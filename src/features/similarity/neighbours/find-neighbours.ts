import type { Database } from '../../../../db/database.ts'
import type { FindNeighbours, Neighbour, NeighbourQuery } from '../ports.ts'
import { findImages } from './images.ts'
import type { Candidate } from './nearest.ts'
import { scanCandidates } from './scan.ts'
import { searchCandidates } from './search.ts'
import { createFindVectorIndex, isWorthIt } from './vector-index.ts'

/** So many of the nearest prompts are looked at for an image. */
const MAX_CANDIDATES = 1_000

/** By comparing all prompts of the scope, or by pgvector's index where there is one and the scope is large. */
export const createFindNeighbours = (
  findVectorIndex = createFindVectorIndex(),
  isIndexWorthIt = isWorthIt,
): FindNeighbours => {
  const search = async (db: Database, query: NeighbourQuery): Promise<Neighbour[] | undefined> => {
    const index = await findVectorIndex(db, query.model)
    const count = firstCount(query)
    if (!index || !(await isIndexWorthIt(db, query, index, count))) return undefined
    const { candidates, isAll } = await searchCandidates(db, query, index, count)
    const images = await findImages(db, query.ownerId, candidates)
    return isAll || images.length >= query.limit ? images : undefined
  }
  return async (db, query) => {
    const images = (await search(db, query)) ?? (await scan(db, query))
    return images.slice(0, query.limit)
  }
}

const scan = async (db: Database, query: NeighbourQuery): Promise<Neighbour[]> =>
  findFirstImages(db, query, await scanCandidates(db, query, MAX_CANDIDATES))

/** Nearly always the first have images. Where the owner deleted many, those behind them answer. */
const findFirstImages = async (
  db: Database,
  query: NeighbourQuery,
  candidates: readonly Candidate[],
): Promise<Neighbour[]> => {
  const images: Neighbour[] = []
  for (let from = 0, to = firstCount(query); from < candidates.length; from = to, to *= 2) {
    images.push(...(await findImages(db, query.ownerId, candidates.slice(from, to))))
    if (images.length >= query.limit) break
  }
  return images
}

const firstCount = ({ limit }: NeighbourQuery) => Math.min(2 * limit, MAX_CANDIDATES)
