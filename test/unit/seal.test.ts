import { describe, expect, test } from '@jest/globals'
import { createSeal } from '../../src/lib/seal.ts'

const seal = createSeal(['the first secret'], 'tests')

describe('what is sealed', () => {
  test('opens where it was put, and says nothing of itself', () => {
    const sealed = seal.seal('a key of mine', 'place 1')
    expect(seal.open(sealed, 'place 1')).toBe('a key of mine')
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('key')
  })

  test('is another text each time', () => {
    expect(seal.seal('a key of mine', 'place 1')).not.toBe(seal.seal('a key of mine', 'place 1'))
  })

  test.each<[string, () => string | undefined]>([
    ['in another place', () => seal.open(seal.seal('a key', 'place 1'), 'place 2')],
    ['changed by a bit', () => seal.open(changed(seal.seal('a key', 'place 1')), 'place 1')],
    ['with another secret', () => other.open(seal.seal('a key', 'place 1'), 'place 1')],
    ['for another purpose', () => elsewhere.open(seal.seal('a key', 'place 1'), 'place 1')],
    ['cut off', () => seal.open(seal.seal('a key', 'place 1').slice(0, 20), 'place 1')],
    ['empty', () => seal.open('', 'place 1')],
  ])('does not open %s', (_how, open) => {
    expect(open()).toBeUndefined()
  })

  test('opens while its secret is exchanged, and no longer', () => {
    const sealed = seal.seal('a key', 'place 1')
    const during = createSeal(['the second secret', 'the first secret'], 'tests')
    expect(during.open(sealed, 'place 1')).toBe('a key')
    expect(during.open(during.seal('a key', 'place 1'), 'place 1')).toBe('a key')
    expect(seal.open(during.seal('a key', 'place 1'), 'place 1')).toBeUndefined()
    const after = createSeal(['the second secret'], 'tests')
    expect(after.open(sealed, 'place 1')).toBeUndefined()
  })
})

const other = createSeal(['another secret'], 'tests')
const elsewhere = createSeal(['the first secret'], 'other tests')

const changed = (sealed: string): string => {
  const bytes = Buffer.from(sealed, 'base64url')
  const last = bytes.length - 1
  bytes[last] = (bytes[last] ?? 0) ^ 1
  return bytes.toString('base64url')
}

test('a mark tells texts apart, and is no digest that anybody could make', () => {
  expect(seal.mark('a key')).toBe(seal.mark('a key'))
  expect(seal.mark('a key')).not.toBe(seal.mark('a kez'))
  expect(seal.mark('a key')).not.toBe(other.mark('a key'))
})
