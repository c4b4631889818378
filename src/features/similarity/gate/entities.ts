import { areSameFacts, without } from './facts.ts'
import type { Reading } from './reading.ts'

/** Names (whatever their case in the other prompt) and texts in quotes (exactly as they are written). */
export const doEntitiesAgree = (a: Reading, b: Reading): boolean =>
  areSameFacts(a.quotes, b.quotes) && knowsNames(a, b) && knowsNames(b, a)

const knowsNames = (a: Reading, b: Reading): boolean =>
  without(
    a.names.filter((name) => a.words.includes(name)),
    b.words,
  ).length === 0
