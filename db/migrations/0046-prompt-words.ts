import type { Kysely } from 'kysely'
import { wordsText } from '../prompt-words.ts'
import { replaceIndex } from '../replace-index.ts'

/**
 * The index by which generations are found by the words of their prompts (ADR 89). A million of them take about a minute, and nobody is
 * held up. What is written waits in a list of its own until it is merged: a submission writes little more.
 */
export const isOnline = true

export const up = (db: Kysely<unknown>): Promise<void> =>
  replaceIndex(db, {
    name: 'generations_words',
    on: `generations using gin (${wordsText()})`,
    replaces: [],
  })
