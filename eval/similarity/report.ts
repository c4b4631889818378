import { type Errors, type Figures, figuresOf, type Judged, sayByLabel } from './figures.ts'

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

/** Judges that stand in for a model: by the labels, and wrong as often as is said. */
const JUDGES: readonly Errors[] = [
  { missed: 0, mistaken: 0 },
  { missed: 0.1, mistaken: 0.02 },
  { missed: 0.2, mistaken: 0.1 },
]

/** What the gate reaches by itself, and with a judge for those that nothing stops but their wording. */
export const printJudges = (title: string, pairs: readonly Judged[], threshold: number): void => {
  const near = pairs.filter(({ cosine }) => cosine >= threshold)
  const asked = near.filter(({ isOpen }) => isOpen).length
  const row = (name: string, isHit: (pair: Judged) => boolean) =>
    console.log(
      `${name.padEnd(58)} ${describe(figuresOf(pairs, (pair) => near.includes(pair) && isHit(pair)))}`,
    )
  console.log(
    `\n${title}, cosine ≥ ${threshold.toFixed(2)}: ${asked} of ${pairs.length} pairs go to a judge\n${' '.repeat(58)} ${COLUMNS}`,
  )
  row('offline', ({ passes }) => passes)
  for (const errors of JUDGES) {
    const { missed, mistaken } = errors
    const name = `a stand-in judge that misses ${missed * 100} % and mistakes ${mistaken * 100} %`
    row(name, (pair) => pair.passes || (pair.isOpen && sayByLabel(pair, errors)))
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
