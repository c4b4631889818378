import type { GenerationRequest } from '../../contract/generation-request.ts'
import type { Payer } from '../state/upstream-keys.ts'
import type { Submission } from './find-or-create.ts'
import { type SubmitDeps, submitGeneration } from './submit.ts'

/**
 * Submits each of the `n` pictures that a request asks for, and answers in their order. The first is what the request without `n`
 * asks for; each further one has an identity of its own, so that asking again buys only what has not been bought. Safe to
 * repeat, also where it throws after some were accepted. Throws as `submitGeneration` does.
 */
export const submitMany = (
  deps: SubmitDeps,
  ownerId: string,
  request: GenerationRequest,
  idempotencyKey?: string,
  payer?: Payer,
): Promise<[Submission, ...Submission[]]> =>
  submitPlaces(deps, ownerId, listPlaces(request, idempotencyKey), payer)

/** One of several requests that are asked for together, with a client's key of its own. */
type Place = { request: GenerationRequest; key: string | undefined }
type Places = readonly [Place, ...Place[]]

/** The same for requests that are told apart already. */
export const submitPlaces = async (
  deps: SubmitDeps,
  ownerId: string,
  [one, ...more]: Places,
  payer: Payer | undefined,
): Promise<[Submission, ...Submission[]]> => {
  const submit = ({ request, key }: Place) => submitGeneration(deps, ownerId, request, key, payer)
  // Its images are stored then, and found by the others.
  const first = await submit(one)
  return [first, ...(await Promise.all(more.map(submit)))]
}

/** The request for each of the pictures, with a client's key of its own. */
export const listPlaces = (
  { n = 1, ...one }: GenerationRequest,
  idempotencyKey: string | undefined,
): Places => [
  { request: one, key: idempotencyKey },
  ...Array.from({ length: n - 1 }, (_, index) => {
    const number = index + 2
    return { request: { ...one, number }, key: keyOfPlace(idempotencyKey, number) }
  }),
]

/** The key of one of several under a client's key, by its place from 1: no client's own key has a blank. */
export const keyOfPlace = (
  idempotencyKey: string | undefined,
  place: number,
): string | undefined =>
  idempotencyKey === undefined || place === 1 ? idempotencyKey : `${idempotencyKey} ${place}`
