const SMALL =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  )
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')

/** The value of a number word or of digits ("1,000"), or nothing. */
export const findNumber = (word: string): number | undefined => {
  if (/^-?\d{1,12}(\.\d{1,6})?$/.test(word)) return Number(word)
  if (/^\d{1,3}(,\d{3})+$/.test(word)) return Number(word.replaceAll(',', ''))
  const small = SMALL.indexOf(word)
  if (small >= 0) return small
  const tens = TENS.indexOf(word)
  return tens >= 0 ? (tens + 2) * 10 : undefined
}

/** Whether two number words make one number: "twenty five". */
export const isTens = (word: string): boolean => TENS.includes(word)
export const isDigitWord = (word: string): boolean =>
  SMALL.indexOf(word) > 0 && SMALL.indexOf(word) < 10

/** Amounts that are no number; each says something else. */
export const AMOUNTS: ReadonlySet<string> = new Set([
  'several',
  'many',
  'few',
  'a-few',
  'all',
  'most',
  'every',
  'dozens',
  'hundreds',
  'thousands',
  'much',
  'numerous',
  'countless',
  'half',
  'any',
  'more',
  'fewer',
  'less',
  'multiple',
  'various',
])
