import { nameOf } from './phrase.ts'
import type { Reading } from './reading.ts'
import { plainForm } from './small-words.ts'
import { COLOURS } from './words/colours.ts'

/**
 * Whether two things have exchanged what is said of them: "a red cube, a blue ball" and "a blue cube, a red ball", whatever else is
 * said in other words. A word must be said of one thing here and of another there, and both things be in both prompts.
 */
export const areExchanged = (a: Reading, b: Reading): boolean => {
  const [ofA, ofB] = [hostsByWord(a), hostsByWord(b)]
  const [inA, inB] = [namesIn(a), namesIn(b)]
  return [...ofA].some(([word, hosts]) => {
    const others = ofB.get(word)
    if (!others) return false
    const [left, come] = [lacking(hosts, others), lacking(others, hosts)]
    return left.some((name) => inB.has(name)) && come.some((name) => inA.has(name))
  })
}

const lacking = (names: ReadonlySet<string>, others: ReadonlySet<string>): string[] =>
  [...names].filter((name) => !others.has(name))

/** Stands for the light of all the picture. */
const WHOLE = '(light)'

const phrasesOf = ({ clauses }: Reading) => clauses.flatMap(({ groups }) => groups.flat())

const namesIn = (reading: Reading): Set<string> =>
  new Set([...phrasesOf(reading).map(hostName), WHOLE])

/** What is said of things, and its place in the picture, with the things it is said of. */
const hostsByWord = (reading: Reading): Map<string, Set<string>> => {
  const hosts = new Map<string, Set<string>>()
  for (const phrase of phrasesOf(reading)) {
    const said = [...phrase.words.slice(0, -1), phrase.position, phrase.count].filter(isSaid)
    for (const word of said.map((one) => plainForm(one.replace('light:', '')))) {
      const known = hosts.get(word) ?? new Set()
      hosts.set(word, known.add(hostName(phrase)))
    }
  }
  for (const word of reading.whole) {
    const [, light] = word.split('light:')
    if (light !== undefined && COLOURS.has(light))
      hosts.set(light, (hosts.get(light) ?? new Set()).add(WHOLE))
  }
  return hosts
}

const isSaid = (word: string): boolean => word !== '' && word !== '1' && word !== 'plural'

const hostName = (phrase: Parameters<typeof nameOf>[0]): string => plainForm(nameOf(phrase))
