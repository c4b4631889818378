import { type Figures, figuresOf, type Judged } from './figures.ts'

const THRESHOLDS = [0, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]

const HEADINGS = '           without the gate                  with the gate'
const COLUMNS = '   prec.  recall      F1   false'

/** One table: what each threshold of the cosine reaches, alone and with the gate after it. */
export const printTable = (title: string, pairs: readonly Judged[]): void => {
  console.log(`\n${title}\n${HEADINGS}\ncosine  ${COLUMNS}   ${COLUMNS}`)
  for (const threshold of THRESHOLDS) {
    const alone = figuresOf(pairs, ({ cosine }) => cosine >= threshold)
    const gated = figuresOf(pairs, ({ cosine, passes }) => cosine >= threshold && passes)
    console.log(`≥ ${threshold.toFixed(2)}  ${describe(alone)}   ${describe(gated)}`)
  }
}

/** How many pairs of each class are judged rightly by the gate alone. */
export const printClasses = (pairs: readonly Judged[]): void => {
  const names = [...new Set(pairs.map((pair) => `${pair.label}: ${pair.class}`))].sort()
  console.log('\nthe gate alone, by class')
  for (const name of names) {
    const ofClass = pairs.filter((pair) => `${pair.label}: ${pair.class}` === name)
    const right = ofClass.filter(({ label, passes }) => passes === (label === 'paraphrase')).length
    console.log(`  ${name.padEnd(28)} ${right} of ${ofClass.length}`)
  }
}

export const printFalseHits = (pairs: readonly Judged[]): void => {
  for (const { class: name, a, b } of pairs) console.log(`false hit (${name}): ${a} | ${b}`)
}

const describe = ({ precision, recall, f1, falseHits }: Figures): string =>
  [share(precision), share(recall), share(f1), String(falseHits)]
    .map((text) => text.padStart(8))
    .join('')

const share = (value: number | undefined): string => value?.toFixed(3) ?? '-'
