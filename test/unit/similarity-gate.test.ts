import { describe, expect, test } from '@jest/globals'
import {
  createGate,
  type GateReason,
  passGate,
} from '../../src/features/similarity/gate/pass-gate.ts'

const differing: [reason: GateReason, a: string, b: string][] = [
  ['counts', 'two dogs and one cat', 'one dog and two cats'],
  ['counts', 'a clock showing 3:15', 'a clock showing 4:15'],
  ['counts', 'twenty-five balloons', 'twenty-six balloons'],
  ['amounts', 'a few people on a square', 'many people on a square'],
  ['amounts', 'a tree in a meadow', 'trees in a meadow'],
  ['negation', 'a man with a hat', 'a man without a hat'],
  ['negation', 'a dog without a collar, with a ball', 'a dog with a collar, without a ball'],
  ['negation', 'no dogs and cats', 'cats and no dogs'],
  ['colours', 'red car, blue house', 'blue car, red house'],
  ['colours', 'light blue curtains', 'dark blue curtains'],
  ['entities', 'the Eiffel Tower at night', 'the Tokyo Tower at night'],
  ['entities', 'a sign that says "OPEN"', 'a sign that says "Open"'],
  [
    'entities',
    'an Apple on a desk and an Apple on a shelf',
    'an apple on a desk and an apple on a shelf',
  ],
  ['relations', 'a cat to the left of a dog', 'a dog to the left of a cat'],
  ['relations', 'a lamp above a table', 'a lamp below a table'],
  ['relations', 'a mouse bigger than an elephant', 'an elephant bigger than a mouse'],
  ['relations', 'a dog chasing a cat', 'a dog chased by a cat'],
  ['scales', 'a city by day', 'a city by night'],
  ['scales', 'an open window', 'a closed window'],
  ['scales', 'an old man with a young dog', 'a young man with an old dog'],
  ['style', 'a photo of a castle', 'a painting of a castle'],
  ['composition', 'close-up of a lion', 'wide shot of a lion'],
  ['wording', 'a glass table with a wooden vase', 'a wooden table with a glass vase'],
  ['wording', 'a dog on a sofa', 'a cat on a sofa'],
]

const same: [a: string, b: string][] = [
  [
    'A red bicycle against a white wall, studio photo',
    'Studio photo of a red bicycle in front of a white wall',
  ],
  ['two dogs and one cat', '1 cat and 2 dogs'],
  ['a man without a hat', 'a man with no hat'],
  ['an empty street, no people', 'an empty street without people'],
  ['a cat to the left of a dog', 'a dog to the right of a cat'],
  ['a dog chasing a cat', 'a cat chased by a dog'],
  ['a tree taller than a tower', 'a tower shorter than a tree'],
  ['a taxi in the rain at night', 'At night, a taxi in the rain'],
  ['In the kitchen, a woman bakes bread', 'A woman bakes bread in the kitchen'],
  ['a purple and yellow flag', 'a yellow and purple flag'],
  ['the Eiffel Tower by night', 'Eiffel Tower at night'],
  ['a poster with the text ‘Jazz Night’', 'a poster with the text "Jazz Night"'],
  ['Please create an image of a castle on a hill', 'a castle on a hill'],
]

describe('the gate', () => {
  test.each(differing)('tells pictures apart by %s: %s | %s', (reason, a, b) => {
    const { passes, reasons } = passGate(a, b)
    expect(passes).toBe(false)
    expect(reasons).toContain(reason)
  })

  test.each(same)('passes what says the same: %s | %s', (a, b) => {
    expect(passGate(a, b)).toEqual({ passes: true, reasons: [] })
  })
})

describe('how a picture is made is one thing, whatever its grammar', () => {
  test.each([
    ['Minimalist logo of a fox', 'Fox logo, minimal style'],
    ['Oil painting of a stormy sea', 'A stormy sea painted in oil'],
    ['Isometric illustration of a bakery', 'A bakery drawn in isometric style'],
    ['A cartoon fox reading a book', 'A fox reading a book, in cartoon style'],
    ['A breakfast table seen from above', 'Top-down view of a breakfast table'],
    ['A neon-lit alley in Tokyo', 'An alley in Tokyo with neon lights'],
    ['A softly lit living room', 'A living room with soft lighting'],
    ['A rainy street at night', 'At night, a street in the rain'],
    [
      'A woman in a red coat walking her dog in a park',
      'In a park, a woman in a red coat walks her dog',
    ],
    ['A dog on a lawn with a ball', 'A dog with a ball on a lawn'],
    ['A field of sunflowers', 'A sunflower field'],
    ['A bronze statue of a lion', 'A lion statue made of bronze'],
    ['On a table stands a red vase', 'A red vase standing on a table'],
  ])('%s | %s', (a, b) => {
    expect(passGate(a, b)).toEqual({ passes: true, reasons: [] })
  })

  test.each([
    ['A vintage photo of a car', 'A photo of a vintage car'],
    ['Black and white portrait of a cat', 'Portrait of a black and white cat'],
    ['A cartoon fox reading a book', 'A fox reading a cartoon book'],
    ['A car with blue lights next to a house', 'A house with blue lights next to a car'],
    ['A man beside a woman holding an umbrella', 'A man holding an umbrella beside a woman'],
    ['A woman with a dog in a hat', 'A woman in a hat with a dog'],
    ['A room lit by a candle', 'A room lit by candles'],
    ['A coffee cup', 'A cup of coffee'],
    ['A light blue car', 'A blue light car'],
    ['A man tapping a box', 'A man taping a box'],
    ['A portrait of dogs', 'A dog portrait'],
  ])('but not what is said of something else: %s | %s', (a, b) => {
    expect(passGate(a, b).passes).toBe(false)
  })
})

describe('nothing but wording', () => {
  test.each([
    ['Puppies playing in the grass', 'Puppies having fun in the grass'],
    ['A pencil sketch of a dog', 'A charcoal sketch of a dog'],
  ])('stops %s | %s', (a, b) => {
    expect(passGate(a, b).isOpen).toBe(true)
    expect(passGate(b, a).isOpen).toBe(true)
  })

  test.each([
    ['Three puppies playing in the grass', 'Four puppies having fun in the grass'],
    ['Puppies playing in the grass', 'A puppy having fun in the grass'],
    ['Puppies playing in the grass, no cats', 'Puppies having fun in the grass'],
    ['Puppies playing in Rome', 'Puppies having fun in Paris'],
    ['Puppies playing near a "KEEP OUT" sign', 'Puppies having fun near a "KEEP OFF" sign'],
    ['A puppy on a crate, having fun', 'A crate on a puppy, playing'],
    ['A puppy on the left, playing', 'A puppy on the right, having fun'],
    ['Brown puppies playing in the grass', 'White puppies having fun in the grass'],
    ['A robot painting a human', 'A human painting a robot'],
    ['Ein Hund spielt', 'Ein Hund tobt'],
    ['A cat seen from behind', 'A cat seen from the front'],
  ])('does not stop %s | %s alone', (a, b) => {
    expect(passGate(a, b).passes).toBe(false)
    expect(passGate(a, b).isOpen).toBeUndefined()
    expect(passGate(b, a).isOpen).toBeUndefined()
  })
})

describe('what the gate cannot read must be equal', () => {
  test.each([
    ['红色的自行车，白色的墙', '白色的自行车，红色的墙'],
    ['Ein Hund, eine Katze', 'Eine Katze, ein Hund'],
    ['gato blanco, perro negro', 'perro negro, gato blanco'],
    ['a dog and a cat, it wears a hat', 'a cat and a dog, it wears a hat'],
    ['A cat 🐱 on a rug', 'A cat 🐶 on a rug'],
    ['a cat, small, a dog', 'a dog, small, a cat'],
  ])('%s | %s', (a, b) => {
    expect(passGate(a, b).passes).toBe(false)
    expect(passGate(a, `  ${a.toLowerCase()} `).passes).toBe(true)
  })
})

describe('what other words there are by a sign alone', () => {
  test.each([
    ['10² tiles', '102 tiles'],
    ['E=mc² on a board', 'E=mc2 on a board'],
    ['½ a cake', '1/2 a cake'],
    ['a door with a ①', 'a door with a 1'],
    ['the Acme™ logo', 'the AcmeTM logo'],
    ['𝕄𝔸𝕏 in lights', 'MAX in lights'],
  ])('does not pass: %s, %s', (a, b) => {
    expect(passGate(a, b).passes).toBe(false)
    expect(passGate(a, a)).toEqual({ passes: true, reasons: [] })
  })
})

test('a prompt that is too long to read is like no other, and like itself', () => {
  const long = 'a, '.repeat(1_334).trim()
  const pass = createGate(long)
  for (const other of [`${long} b`, 'a', long.slice(0, -1), long.slice(0, 1_000)]) {
    expect(pass(other).passes).toBe(false)
    expect(pass(other)).toEqual(passGate(long, other))
  }
  expect(pass(long)).toEqual({ passes: true, reasons: [] })
})
