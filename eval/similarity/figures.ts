import { createHash } from 'node:crypto'
import { passGate } from '../../src/features/similarity/gate/pass-gate.ts'
import type { Pair } from './pairs.ts'

/** A pair with all that decides about it. `isOpen`: where a judge would be asked. */
export type Judged = Pair & { cosine: number; passes: boolean; isOpen: boolean }

/** Precision and F1 are absent where nothing was taken for similar; recall where there is nothing to find. */
export type Figures = {
  hits: number
  falseHits: number
  precision: number | undefined
  recall: number | undefined
  f1: number | undefined
}

export const judge = (pair: Pair, cosine: number): Judged => {
  const { passes, isOpen = false } = passGate(pair.a, pair.b)
  return { ...pair, cosine, passes, isOpen }
}

/** How often a judge is wrong, of what is the same and of what is not. */
export type Errors = { missed: number; mistaken: number }

/**
 * What a judge with these errors would say, which is no model: the label of the person who wrote the pair, and the contrary for that
 * share of the pairs, always the same ones.
 */
export const sayByLabel = ({ label, a, b }: Pair, { missed, mistaken }: Errors): boolean => {
  const place = createHash('sha256').update(`${a}|${b}`).digest().readUInt32LE() / 2 ** 32
  return label === 'paraphrase' ? place >= missed : place < mistaken
}

/** Figures for taking the pairs for similar that `isHit` names. */
export const figuresOf = (pairs: readonly Judged[], isHit: (pair: Judged) => boolean): Figures => {
  const taken = pairs.filter(isHit)
  const hits = taken.filter(({ label }) => label === 'paraphrase').length
  const falseHits = taken.length - hits
  const precision = ratio(hits, taken.length)
  const recall = ratio(hits, pairs.filter(({ label }) => label === 'paraphrase').length)
  const f1 = precision && recall ? (2 * precision * recall) / (precision + recall) : undefined
  return { hits, falseHits, precision, recall, f1 }
}

const ratio = (part: number, all: number): number | undefined =>
  all === 0 ? undefined : part / all
