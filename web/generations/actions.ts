import type { Generation } from '../../src/client.ts'
import { callApi } from '../api.ts'
import { client } from '../client.ts'

/** Asks again for a failed or canceled one, under its id. Throws `ProblemError`. */
export const retry = (id: string): Promise<Generation> =>
  callApi(`/api/generations/${id}/retry`, { method: 'POST' })

/** Buys another image of the same request. Throws `ProblemError`. */
export const regenerate = (id: string): Promise<Generation> =>
  callApi(`/api/generations/${id}/regenerate`, { method: 'POST' })

/** Throws `ImageonceError`. */
export const cancel = (id: string): Promise<Generation> => client.cancel(id)
