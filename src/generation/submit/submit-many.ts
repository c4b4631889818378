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
  const [one, ...more] = listPlaces(request, idempotencyKey)
  // Its images are stored then, and found by the others.
  const first = await submitGeneration(deps, ownerId, one.request, one.key, keyId)
  const others = await Promise.all(
    more.map((place) => submitGeneration(deps, ownerId, place.request, place.key, keyId)),
  )
  return [first, ...others]
}

type Place = { request: GenerationRequest; key: string | undefined }

/** The request for each of the pictures, with a client's key of its own. */
export const listPlaces = (
  { n = 1, ...one }: GenerationRequest,
  idempotencyKey: string | undefined,
): [Place, ...Place[]] => [
  { request: one, key: idempotencyKey },
  ...Array.from({ length: n - 1 }, (_, index) => {
    const number = index + 2
    const key = idempotencyKey && nameKey(idempotencyKey, number)
    return { request: { ...one, number }, key }
  }),
]

/** No client's own key has a blank. */
const nameKey = (idempotencyKey: string, number: number): string => `${idempotencyKey} ${number}`
