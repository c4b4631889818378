import { createCompareCode, encodeVector } from '../../src/features/similarity/embedding-code.ts'
import { type Judged, judge } from './figures.ts'
import { PARTS, type Pair, readPairs } from './pairs.ts'
import { printClasses, printFalseHits, printJudges, printTable } from './report.ts'
import { type EmbeddingSource, openSources } from './sources.ts'

/** Of SIMILARITY_MIN_SCORE. */
const DEFAULT_THRESHOLD = 0.8

/**
 * Prints what cosine thresholds reach on the pairs, with and without the gate, and what a judge would add. No model is asked: the judges
 * are the labels, with errors that are said. With `--check`, ends with 1 when a near
 * miss passes the gate, whatever its cosine.
 */
const run = async (): Promise<void> => {
  const falseHits = new Map<string, Judged>()
  const sources = openSources()
  for (const part of PARTS) {
    const pairs = readPairs(part)
    const paraphrases = pairs.filter(({ label }) => label === 'paraphrase').length
    for (const source of sources) {
      const judged = await judgeAll(pairs, source)
      const counts = `${paraphrases} paraphrases, ${pairs.length - paraphrases} near misses`
      printTable(`${part} (${counts}), ${source.name}`, judged)
      printJudges(`${part}, ${source.name}`, judged, DEFAULT_THRESHOLD)
      for (const pair of judged.filter(isFalseHit)) falseHits.set(`${pair.a}|${pair.b}`, pair)
    }
  }
  printClasses(PARTS.flatMap(readPairs).map((pair) => judge(pair, 1)))
  printFalseHits([...falseHits.values()])
  if (process.argv.includes('--check') && falseHits.size > 0) process.exitCode = 1
}

/** Compared as the server does it: by the codes that it keeps. */
const judgeAll = async (pairs: Pair[], { embed }: EmbeddingSource): Promise<Judged[]> => {
  const vectors = await embed(pairs.flatMap(({ a, b }) => [a, b]))
  const codes = vectors.map(encodeVector)
  return pairs.map((pair, index) => {
    const [a, b] = codes.slice(index * 2)
    return judge(pair, a && b ? createCompareCode(a)(b) : 0)
  })
}

const isFalseHit = ({ label, passes }: Judged): boolean => label === 'near miss' && passes

await run()
