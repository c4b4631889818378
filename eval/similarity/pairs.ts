import { readFileSync } from 'node:fs'

/** Two prompts, and whether one picture may answer both. */
export type Pair = { label: 'paraphrase' | 'near miss'; class: string; a: string; b: string }

/** `tuning`, `various`: looked at while the rules were made. `held-out`: not looked at. `attacks`: written against the rules. */
export const PARTS = ['tuning', 'held-out', 'attacks', 'various', 'blind', 'unseen'] as const

export type Part = (typeof PARTS)[number]

/** The pairs of a part: a JSON object a line in `pairs/`. */
export const readPairs = (part: Part): Pair[] =>
  readFileSync(new URL(`pairs/${part}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
