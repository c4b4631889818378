import type { Key, KeyDraft } from '../../src/contract/key.ts'
import { callApi } from '../api.ts'

/** The key with what it is sent as, which no other answer has. Throws `ProblemError`, as all of these do. */
export const createKey = (input: KeyDraft): Promise<Key> =>
  callApi('/api/keys', { method: 'POST', body: input })

export const revokeKey = (id: string): Promise<Key> =>
  callApi(`/api/keys/${id}`, { method: 'DELETE' })
