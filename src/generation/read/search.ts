import { type RawBuilder, sql } from 'kysely'
import { ownersWord, SEARCHED_CHARACTERS, wordsText } from '../../../db/prompt-words.ts'

/**
 * SQL that is true of a row of `generations`, under its alias, that is the owner's (everybody's where that is undefined) and whose
 * prompt has what is searched for. By one look into an index, which no other owner's rows come out of, and what is in flight, which
 * that index leaves out.
 */
export const hasWords = (
  alias: string,
  ownerId: string | undefined,
  search: RawBuilder<unknown>,
): RawBuilder<boolean> => {
  const status = sql.ref(`${alias}.status`)
  const words = matchesWords(alias, ownerId, search)
  const isOwn = ownerId === undefined ? sql`true` : sql`${sql.ref(`${alias}.ownerId`)} = ${ownerId}`
  return sql`((${status} not in ('queued', 'running') and ${words})
    or (${status} in ('queued', 'running') and ${isOwn} and ${words}))`
}

/** The same of rows that are at hand. */
export const matchesWords = (
  alias: string,
  ownerId: string | undefined,
  search: RawBuilder<unknown>,
): RawBuilder<boolean> => {
  const words = sql.raw(wordsText(alias))
  // Of a search without words there would be the owner left, and all that is its.
  const some = sql`nullif((${search})::text, '')::tsquery`
  if (ownerId === undefined) return sql`(${words} @@ ${some})`
  return sql`(${words} @@ (${some} && ${ownersWord(ownerId)}::tsquery))`
}

/**
 * What somebody types into a search field, as a search: all words, in any order; "words in quotes" one after the other; `or`; `-` before
 * what must not be there. The last word may be the beginning of one. Null where there is no word in it, which finds nothing.
 */
export const searchOf = (typed: string): RawBuilder<unknown> => {
  const query = sql`websearch_to_tsquery('simple'::regconfig, ${typed})`
  return /[\p{L}\p{N}]$/u.test(typed) ? sql`(nullif(${query}::text, '') || ':*')::tsquery` : query
}

/** For prompts that have all the words of another, as far as that is searched. */
export const allWordsOf = (prompt: string): RawBuilder<unknown> =>
  sql`plainto_tsquery('simple'::regconfig, left(${prompt}, ${SEARCHED_CHARACTERS}))`

/** How many of a prompt's words it is told by; the longest are the rarest. */
const TELLING_WORDS = 4

/** For prompts that have two of another's longest words: one of them may be the one that differs. */
export const mostWordsOf = (prompt: string): RawBuilder<unknown> => {
  const words = [...new Set(listWords(prompt))]
    .sort((a, b) => b.length - a.length)
    .slice(0, TELLING_WORDS)
  if (words.length < 2) return allWordsOf(prompt)
  const toQuery = (word: string) => sql`plainto_tsquery('simple'::regconfig, ${word})`
  const pairs = words.flatMap((one, at) =>
    words.slice(at + 1).map((other) => sql`(${toQuery(one)} && ${toQuery(other)})`),
  )
  return sql`(${sql.join(pairs, sql` || `)})`
}

/** From 0 to 1: which share of both prompts' words both have. */
export const shareOfWords = (prompt: string, other: string): number => {
  const [left, right] = [listWords(prompt), listWords(other)]
  const rest = new Map<string, number>()
  for (const word of right) rest.set(word, (rest.get(word) ?? 0) + 1)
  let common = 0
  for (const word of left) {
    const count = rest.get(word) ?? 0
    if (count > 0) common++
    rest.set(word, count - 1)
  }
  return left.length + right.length === 0 ? 0 : (2 * common) / (left.length + right.length)
}

const listWords = (prompt: string): string[] =>
  prompt
    .slice(0, SEARCHED_CHARACTERS)
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? []
