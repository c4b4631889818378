import type { Kysely } from 'kysely'
import { alterPatiently } from '../alter-patiently.ts'
import { isAnswerText } from '../answers.ts'
import { replaceIndex } from '../replace-index.ts'

/**
 * Who forced a generation, and the index by which the answers that cost nothing are listed (ADR 88). A column without a default; of a
 * million events that the index takes in it is made in two seconds, and nobody is held up.
 */
export const isOnline = true

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await alterPatiently(db, 'alter table generations add column if not exists forced_by jsonb')
  await replaceIndex(db, {
    name: 'generation_events_answers',
    on: `generation_events (generation_id, (data->>'source'), id) where ${isAnswerText}`,
    replaces: [],
  })
}
