import type { FindNeighbours, Neighbour } from '../ports.ts'
import { findImages } from './images.ts'
import { scanCandidates } from './scan.ts'

/**
 * So many of the nearest prompts are looked at for an image: nearly always the first few have one, and where the owner
 * deleted many of the nearest, those behind them still answer.
 */
const CANDIDATES = [50, 1_000]

/** Looks for neighbours by comparing all prompts of the scope. */
export const createFindNeighbours = (): FindNeighbours => async (db, query) => {
  let found: Neighbour[] = []
  for (const count of CANDIDATES) {
    const candidates = await scanCandidates(db, query, count)
    found = await findImages(db, query.ownerId, candidates)
    if (found.length >= query.limit || candidates.length < count) break
  }
  return found.slice(0, query.limit)
}
