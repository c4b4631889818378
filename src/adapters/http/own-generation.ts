import type { Database } from '../../../db/database.ts'
import { isGenerationId } from '../../contract/identity.ts'
import { findGeneration, type GenerationWithImage } from '../../generation/state/repository.ts'
import { type DeferredSubmission, presumeRow } from '../../generation/submit/deferred-submission.ts'
import { AppError } from '../../lib/errors.ts'
import { principalOf } from './auth.ts'
import type { HttpContext } from './http-context.ts'

type Deps = {
  db: Database
  /** The request that waits in the queue for Postgres, if it does. */
  findDeferred: (generationId: string) => Promise<DeferredSubmission | undefined>
}

/**
 * Finds a generation by its id. Throws `not_found` for every generation alike that the caller may not know of, and `unavailable` when
 * neither store tells.
 */
export const createGetOwn =
  (deps: Deps): HttpContext['getOwn'] =>
  async (id, res) => {
    res.locals.generationId = id
    const { ownerId, isAdmin } = principalOf(res)
    const generation = isGenerationId(id) ? await findKnownGeneration(deps, id) : undefined
    if (generation && (generation.ownerId === ownerId || isAdmin)) return generation
    throw new AppError('not_found', 'There is no generation with this id.')
  }

/** The generation, presumed from its job while only the queue has it. Throws `unavailable` when neither store tells. */
export const findKnownGeneration = async (
  { db, findDeferred }: Deps,
  id: string,
): Promise<GenerationWithImage | undefined> => {
  const read = findGeneration(db, id)
  const row = await read.catch(() => undefined)
  if (row) return row
  const deferred = await findDeferred(id).catch(() => undefined)
  return deferred ? presumeRow(deferred) : read
}
