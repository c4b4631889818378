/** How much of a prompt is searched: what is beyond is found by nobody's words, and would make the index large. */
export const SEARCHED_CHARACTERS = 2_000

/**
 * SQL for what a generation is found by: the words of its prompt, and its owner as a word that no prompt can have, so that one look
 * into the index `generations_words` finds an owner's own and nobody else's. As that index has it.
 */
export const wordsText = (table = 'generations'): string =>
  `(to_tsvector('simple'::regconfig, left(${table}.prompt, ${SEARCHED_CHARACTERS})) || array_to_tsvector(array[' ' || ${table}.owner_id]))`

/** A search (`tsquery`) that finds all that is an owner's: no word that Postgres finds in a text begins with a blank. */
export const ownersWord = (ownerId: string): string =>
  `' ${ownerId.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
