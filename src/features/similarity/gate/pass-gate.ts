import { doAmountsAgree } from './amounts.ts'
import { doColoursAgree } from './colours.ts'
import { doCountsAgree } from './counts.ts'
import { doEntitiesAgree } from './entities.ts'
import { doNegationsAgree } from './negation.ts'
import { isOnlyWording } from './only-wording.ts'
import { type Reading, readPrompt } from './reading.ts'
import { doRelationsAgree } from './relations.ts'
import { doScalesAgree } from './scales.ts'
import { doCompositionsAgree, doStylesAgree } from './styles.ts'

/** What two prompts disagree in. `wording`: in something that has no class of its own, or that the rules can't read. */
export type GateReason =
  | 'counts'
  | 'amounts'
  | 'negation'
  | 'colours'
  | 'entities'
  | 'relations'
  | 'scales'
  | 'style'
  | 'composition'
  | 'wording'

type Agreement = (a: Reading, b: Reading) => boolean

const AGREEMENTS: [reason: GateReason, doAgree: Agreement][] = [
  ['counts', doCountsAgree],
  ['amounts', doAmountsAgree],
  ['negation', doNegationsAgree],
  ['colours', doColoursAgree],
  ['entities', doEntitiesAgree],
  ['relations', doRelationsAgree],
  ['scales', doScalesAgree],
  ['style', doStylesAgree],
  ['composition', doCompositionsAgree],
]

type Judgement = {
  passes: boolean
  reasons: GateReason[]
  /** Set where nothing stops the pair but how it is said: somebody else may have a word on it. */
  isOpen?: true
}

/**
 * Whether one picture may answer both prompts, as far as their words tell; for prompts that a model of meaning
 * already takes for similar. Each prompt passes with itself, and both ways give the same answer. When in doubt it does not pass.
 */
export const passGate = (a: string, b: string): Judgement => createGate(a)(b)

/** `passGate` for one prompt and many others, each of which is read once. */
export const createGate = (prompt: string): ((other: string) => Judgement) => {
  const read = createReader()
  const first = read(prompt)
  return (other) => {
    const second = read(other)
    if (first.form === second.form) return { passes: true, reasons: [] }
    const isOpen = isOnlyWording(first, second)
    if (isOpen && isSameList(first, second)) return { passes: true, reasons: [] }
    const disagreements = AGREEMENTS.filter(([, doAgree]) => !doAgree(first, second))
    const reasons = disagreements.map(([name]) => name)
    return {
      passes: false,
      reasons: reasons.length > 0 ? reasons : ['wording'],
      ...(isOpen && { isOpen }),
    }
  }
}

/** A list of things, and a sentence that says how those are together; or two sentences that say nothing besides. */
const isSameList = (a: Reading, b: Reading): boolean =>
  (a.list !== undefined && a.list === b.list) ||
  (a.flat !== undefined && a.flat.form === b.flat?.form && (a.flat.isList || b.flat.isList))

const createReader = () => {
  const readings = new Map<string, Reading>()
  return (prompt: string): Reading => {
    const reading = readings.get(prompt) ?? readPrompt(prompt)
    readings.set(prompt, reading)
    return reading
  }
}
