import { expect, test } from '@jest/globals'
import { compareWords } from '../../web/similarity/compare-words.ts'

/** [only here], (in another place), the rest in the same order. */
const show = (left: string, right: string) =>
  compareWords(left, right).map((words) =>
    words
      .map(({ text, kind }) => ({ same: text, moved: `(${text})`, only: `[${text}]` })[kind])
      .join(' '),
  )

test.each([
  {
    name: 'a word that only one has, and those that stand elsewhere',
    prompts: ['A red bike by a wall, studio photo', 'Studio photo of a red bike by a wall'],
    shown: ['A red bike by a wall, (studio) (photo)', '(Studio) (photo) [of] a red bike by a wall'],
  },
  {
    name: 'numbers that change places',
    prompts: ['two dogs and one cat', 'one dog and two cats'],
    shown: ['(two) [dogs] (and) one [cat]', 'one [dog] (and) (two) [cats]'],
  },
  {
    name: 'a word that one has more often',
    prompts: ['red on red', 'red'],
    shown: ['red [on] [red]', 'red'],
  },
  {
    name: 'neither case nor the punctuation round a word',
    prompts: ['“A Boat”, at sea!', 'a boat at sea'],
    shown: ['“A Boat”, at sea!', 'a boat at sea'],
  },
  {
    name: 'what is nothing but punctuation',
    prompts: ['a boat — at sea', 'a boat + at sea'],
    shown: ['a boat [—] at sea', 'a boat [+] at sea'],
  },
])('marks $name', ({ prompts: [left = '', right = ''], shown }) => {
  expect(show(left, right)).toEqual(shown)
})
