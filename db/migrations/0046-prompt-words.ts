import type { Kysely } from 'kysely'
import { wordsText } from '../prompt-words.ts'
import { replaceIndex } from '../replace-index.ts'

/**
 * The index by which generations are found by the words of their prompts (ADR 89). A million of them take about a minute, and nobody is
 * held up. Without those in flight, of which there are few: only what ends a generation writes more.
 */
export const isOnline = true

export const up = (db: Kysely<unknown>): Promise<void> =>
  replaceIndex(db, {
    name: 'generations_words',
    on: `generations using gin (${wordsText()}) where status not in ('queued', 'running')`,
    replaces: [],
  })
