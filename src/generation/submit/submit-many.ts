import type { GenerationRequest } from '../../contract/generation-request.ts'
import type { Submission } from './find-or-create.ts'
import { type SubmitDeps, submitGeneration } from './submit.ts'

/**
 * Submits each of the `n` pictures that a request asks for, and answers in their order. The first is what the request without `n`
 * asks for; each further one has an identity of its own, so that asking again buys only what has not been bought. Safe to
 * repeat, also where it throws after some were accepted. Throws as `submitGeneration` does.
 */
export const submitMany = async (
  deps: SubmitDeps,
  ownerId: string,
  request: GenerationRequest,
  idempotencyKey?: string,
  keyId: string | null = null,
): Promise<[Submission, ...Submission[]]> => {
  const { n = 1, ...one } = request
  // Its images are stored then, and found by the others.
  const first = await submitGeneration(deps, ownerId, one, idempotencyKey, keyId)
  const numbers = Array.from({ length: n - 1 }, (_, index) => index + 2)
  const others = await Promise.all(
    numbers.map((number) => {
      const key = idempotencyKey && nameKey(idempotencyKey, number)
      return submitGeneration(deps, ownerId, { ...one, number }, key, keyId)
    }),
  )
  return [first, ...others]
}

/** No client's own key has a blank. */
const nameKey = (idempotencyKey: string, number: number): string => `${idempotencyKey} ${number}`
