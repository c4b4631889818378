/** A word of a prompt: the other has it in the same order (`same`), in another place (`moved`), or not at all (`only`). */
export type ComparedWord = { text: string; kind: 'same' | 'moved' | 'only' }

/** Both prompts word by word. Case and the punctuation round a word make no difference. */
export const compareWords = (left: string, right: string): [ComparedWord[], ComparedWord[]] => {
  const [leftWords, rightWords] = [split(left), split(right)]
  const [leftKeys, rightKeys] = [leftWords.map(toKey), rightWords.map(toKey)]
  const kept = findLongestCommon(leftKeys, rightKeys)
  const leftKept = new Set(kept.map(([at]) => at))
  const rightKept = new Set(kept.map(([, at]) => at))
  const describe = (
    words: string[],
    keys: string[],
    keptHere: Set<number>,
    restThere: Map<string, number>,
  ) =>
    words.map((text, at): ComparedWord => {
      if (keptHere.has(at)) return { text, kind: 'same' }
      const key = keys[at] ?? ''
      const left = restThere.get(key) ?? 0
      restThere.set(key, left - 1)
      return { text, kind: left > 0 ? 'moved' : 'only' }
    })
  return [
    describe(leftWords, leftKeys, leftKept, countRest(rightKeys, rightKept)),
    describe(rightWords, rightKeys, rightKept, countRest(leftKeys, leftKept)),
  ]
}

const split = (prompt: string): string[] => prompt.split(/\s+/).filter(Boolean)

const toKey = (word: string): string =>
  word.toLowerCase().replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '') || word

const countRest = (keys: string[], kept: Set<number>): Map<string, number> => {
  const counts = new Map<string, number>()
  keys.forEach((key, at) => {
    if (!kept.has(at)) counts.set(key, (counts.get(key) ?? 0) + 1)
  })
  return counts
}

/** The places of the longest run of words that both have in one order, by the usual table of lengths. */
const findLongestCommon = (left: string[], right: string[]): [number, number][] => {
  const width = right.length + 1
  const lengths = new Uint16Array((left.length + 1) * width)
  const lengthAt = (i: number, j: number) => lengths[i * width + j] ?? 0
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        left[i] === right[j]
          ? lengthAt(i + 1, j + 1) + 1
          : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1))
    }
  }
  const pairs: [number, number][] = []
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    if (left[i] === right[j]) pairs.push([i++, j++])
    else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i++
    else j++
  }
  return pairs
}
