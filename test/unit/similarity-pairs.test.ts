import { describe, expect, test } from '@jest/globals'
import { figuresOf, judge } from '../../eval/similarity/figures.ts'
import { PARTS, readPairs } from '../../eval/similarity/pairs.ts'
import { passGate } from '../../src/features/similarity/gate/pass-gate.ts'

describe.each(PARTS)('on the %s pairs, whatever their cosine', (part) => {
  const judged = readPairs(part).map((pair) => judge(pair, 1))
  test('nothing almost alike passes the gate', () => {
    const isFalseHit = ({ label, passes }: (typeof judged)[number]) =>
      label === 'near miss' && passes
    expect(judged.filter(isFalseHit)).toEqual([])
  })

  test('everything passes beside itself', () => {
    const texts = judged.flatMap(({ a, b }) => [a, b])
    expect(texts.filter((text) => !passGate(text, ` ${text}  `).passes)).toEqual([])
  })
})

test.each(['tuning', 'held-out', 'various'] as const)(
  'most of what says the same passes: %s',
  (part) => {
    const judged = readPairs(part).map((pair) => judge(pair, 1))
    const { precision, recall } = figuresOf(judged, ({ passes }) => passes)
    expect(precision).toBeGreaterThanOrEqual(0.99)
    expect(recall).toBeGreaterThanOrEqual(0.7)
  },
)

test.each([
  'negation',
  'colours',
  'entities',
  'roles',
  'relations',
  'names',
  'quotes',
  'sides',
  'time',
  'language',
  'count',
  'amount/size',
  'colour',
  'name/place',
  'quoted text',
  'relation turned',
  'direction',
  'words rearranged',
  'attributes exchanged',
  'instruction inside',
])('a judge is never asked about near misses in %s', (name) => {
  const near = PARTS.flatMap(readPairs).filter(
    (pair) => pair.label === 'near miss' && pair.class === name,
  )
  expect(near.length).toBeGreaterThan(1)
  expect(near.filter(({ a, b }) => passGate(a, b).isOpen)).toEqual([])
})

test.each(['tuning', 'held-out', 'various', 'blind'] as const)(
  'nearly all of what says the same passes, or a judge is asked: %s',
  (part) => {
    const same = readPairs(part).filter(({ label }) => label === 'paraphrase')
    const reached = same
      .map((pair) => judge(pair, 1))
      .filter(({ passes, isOpen }) => passes || isOpen)
    expect(reached.length / same.length).toBeGreaterThanOrEqual(0.85)
  },
)

test('the pairs are many, and most of them near misses', () => {
  const pairs = PARTS.flatMap(readPairs)
  expect(pairs.length).toBeGreaterThanOrEqual(240)
  expect(new Set(pairs.map(({ a, b }) => `${a}|${b}`)).size).toBe(pairs.length)
  expect(pairs.filter(({ label }) => label === 'near miss').length * 2).toBeGreaterThan(
    pairs.length,
  )
})
