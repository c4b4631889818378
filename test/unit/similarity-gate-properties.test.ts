import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { passGate } from '../../src/features/similarity/gate/pass-gate.ts'

const NOUNS = ['dog', 'cat', 'horse', 'lamp', 'teapot', 'robot', 'ladder', 'violin']
const COLOURS = ['red', 'blue', 'green', 'yellow', 'black', 'white']
const COUNTS = ['a', 'two', 'three', '4', 'several', 'many']
const NAMES = ['Paris', 'Tokyo', 'Vienna', 'Lagos']
const RELATIONS = ['to the left of', 'above', 'behind', 'bigger than', 'chasing', 'on', 'inside']
const MEDIA = ['photo', 'oil painting', 'pencil sketch', '3D render']

type Thing = { count: string; colour: string; noun: string; place: string }

const thing: fc.Arbitrary<Thing> = fc.record({
  count: fc.constantFrom(...COUNTS),
  colour: fc.constantFrom(...COLOURS),
  noun: fc.constantFrom(...NOUNS),
  place: fc.constantFrom(...NAMES),
})

const things = fc.uniqueArray(thing, { minLength: 2, maxLength: 4, selector: ({ noun }) => noun })

const name = ({ count, colour, noun }: Thing): string =>
  `${count} ${colour} ${count === 'a' ? noun : `${noun}s`}`

const say = (one: Thing): string => `${name(one)} from ${one.place}`

const sayAll = (all: readonly Thing[]): string => all.map(say).join(', ')

const prompt = fc.oneof(things.map(sayAll), fc.string({ unit: 'grapheme' }), fc.lorem())

/** One of the things with one thing about it changed; the others as they were. */
const changed = (key: keyof Thing, values: readonly string[]) =>
  fc.tuple(things, fc.nat(), fc.constantFrom(...values)).map(([all, at, value]) => {
    const index = at % all.length
    const other = all.map((one, place) => (place === index ? { ...one, [key]: value } : one))
    return { before: all, after: other, isSame: all[index]?.[key] === value }
  })

describe('the gate is an equivalence', () => {
  test('each prompt answers itself, however it is spaced and cased', () => {
    fc.assert(
      fc.property(prompt, fc.constantFrom(' ', '  ', '\t', '\u00a0'), (text, space) => {
        expect(passGate(text, text).passes).toBe(true)
        expect(passGate(text, text.replaceAll(' ', space)).passes).toBe(true)
      }),
    )
    fc.assert(
      fc.property(things, (all) => {
        const text = sayAll(all)
        expect(passGate(text, text.toLowerCase()).passes).toBe(true)
        expect(passGate(text, text.toUpperCase()).passes).toBe(true)
      }),
    )
  })

  test('it judges both ways alike', () => {
    const near = fc.tuple(things, things).map(([a, b]) => [sayAll(a), sayAll(b)] as const)
    fc.assert(
      fc.property(fc.oneof(near, fc.tuple(prompt, prompt)), ([a, b]) => {
        expect(passGate(a, b)).toEqual(passGate(b, a))
      }),
    )
  })
})

describe('what may change its place', () => {
  test('clauses that stand by themselves', () => {
    const shuffled = things.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([all, other]) => {
        expect(passGate(sayAll(all), sayAll(other)).passes).toBe(true)
      }),
    )
  })

  test('the medium, in front or behind', () => {
    fc.assert(
      fc.property(thing, fc.constantFrom(...MEDIA), (one, medium) => {
        expect(passGate(`${medium} of ${say(one)}`, `${say(one)}, ${medium}`).passes).toBe(true)
      }),
    )
  })
})

describe('what makes another picture', () => {
  test.each([
    ['counts', 'count', COUNTS],
    ['colours', 'colour', COLOURS],
    ['entities', 'place', NAMES],
    ['nouns', 'noun', NOUNS],
  ] as const)('%s: one that is changed', (_, key, values) => {
    fc.assert(
      fc.property(changed(key, values), ({ before, after, isSame }) => {
        fc.pre(!isSame)
        expect(passGate(sayAll(before), sayAll(after)).passes).toBe(false)
      }),
    )
  })

  test('two things that exchange their colours or counts', () => {
    fc.assert(
      fc.property(things, fc.constantFrom('colour', 'count'), (all, key) => {
        const [first, second, ...rest] = all as [Thing, Thing, ...Thing[]]
        fc.pre(first[key] !== second[key])
        const other = [{ ...first, [key]: second[key] }, { ...second, [key]: first[key] }, ...rest]
        expect(passGate(sayAll(all), sayAll(other)).passes).toBe(false)
      }),
    )
  })

  test('a thing that is denied', () => {
    fc.assert(
      fc.property(things, fc.constantFrom(...NOUNS), (all, noun) => {
        const text = sayAll(all)
        expect(passGate(`${text} with a ${noun}`, `${text} without a ${noun}`).passes).toBe(false)
        expect(passGate(`${text}, a ${noun}`, `${text}, no ${noun}`).passes).toBe(false)
      }),
    )
  })

  test('a relation that is turned round, or is another one', () => {
    const relation = fc.constantFrom(...RELATIONS)
    fc.assert(
      fc.property(things, relation, relation, ([a, b], one, other) => {
        const [from, to] = [name(a as Thing), name(b as Thing)]
        expect(passGate(`${from} ${one} ${to}`, `${to} ${one} ${from}`).passes).toBe(false)
        expect(passGate(`${from} ${one} ${to}`, `${from} ${other} ${to}`).passes).toBe(
          one === other,
        )
      }),
    )
  })

  test('a word more, wherever it stands', () => {
    fc.assert(
      fc.property(things, fc.nat(), fc.constantFrom('zither', 'wet', 'not'), (all, at, word) => {
        const words = sayAll(all).split(' ')
        const more = words.toSpliced(at % (words.length + 1), 0, word)
        expect(passGate(words.join(' '), more.join(' ')).passes).toBe(false)
      }),
    )
  })
})
