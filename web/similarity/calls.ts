import type { SimilarityMode } from '../../src/contract/vocabulary.ts'
import { callApi } from '../api.ts'

/** Sets what an owner wants; null leaves it to the server. Without `owner` it is one's own. Throws `ProblemError`. */
export const chooseMode = (mode: SimilarityMode | null, owner: string): Promise<unknown> =>
  callApi(`/api/similarity${owner && `?${new URLSearchParams({ owner })}`}`, {
    method: 'PUT',
    body: { mode },
  })
