import type { Kysely } from 'kysely'
import { addNanoDollars } from '../keep-in-step.ts'
import { replaceIndex } from '../replace-index.ts'

/** The same of what comparing prompts cost, which is summed up from indexes alone (ADR 33, 76). */
export const isOnline = true

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await addNanoDollars(db, {
    table: 'similarity_checks',
    key: 'generation_id',
    kinds: ['embedding_cost'],
  })
  for (const index of indexes) await replaceIndex(db, index)
}

const counted = 'include (duration_ms, is_match, mode, embedding_cost_nano_usd)'

const indexes = [
  {
    name: 'similarity_checks_owner_counted',
    on: `similarity_checks (owner_id, created_at) ${counted}`,
    replaces: ['similarity_checks_owner'],
  },
  {
    name: 'similarity_checks_counted',
    on: `similarity_checks (created_at) ${counted}`,
    replaces: ['similarity_checks_created'],
  },
]
