import { Counter, Histogram, type Registry } from 'prom-client'
import type { SimilarityMode } from '../../contract/vocabulary.ts'
import { toUsd } from '../../lib/money.ts'
import type { CheckReport } from './compare.ts'
import type { JudgeOutcome } from './judge/ask-judge.ts'
import type { Embedder } from './ports.ts'

type Verdict = { mode: SimilarityMode; accepted: boolean; hasFallenBack: boolean }

const JUDGE_OUTCOMES: JudgeOutcome['outcome'][] = ['same', 'different', 'remembered', 'trouble']

/** Modes in which somebody may judge what was found. */
const JUDGED: SimilarityMode[] = ['suggest', 'shadow', 'reuse']

export type SimilarityMetrics = ReturnType<typeof createSimilarityMetrics>

/** What comparing prompts finds and costs, and what people say of it. */
export const createSimilarityMetrics = (registry: Registry) => {
  const registers = [registry]
  const duration = new Histogram({
    name: 'imageonce_similarity_check_duration_seconds',
    help: 'Comparing a prompt with its owner’s others, its embedding included, by outcome: none, suggested, match, reused, trouble.',
    labelNames: ['mode', 'outcome'],
    buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const cost = new Counter({
    name: 'imageonce_embedding_cost_usd_total',
    help: 'What embeddings of prompts cost, in US dollars.',
    registers,
  })
  const judgeCost = new Counter({
    name: 'imageonce_judge_cost_usd_total',
    help: 'What verdicts of the judge on pairs of prompts cost, in US dollars.',
    registers,
  })
  const judged = new Counter({
    name: 'imageonce_judge_verdicts_total',
    help: 'What the judge said of pairs of prompts: same, different, remembered (same, said before), trouble.',
    labelNames: ['outcome'],
    registers,
  })
  const verdicts = new Counter({
    name: 'imageonce_similarity_verdicts_total',
    help: 'What people said of similar images: accepted, rejected; a second word on the same one counts again.',
    labelNames: ['mode', 'verdict'],
    registers,
  })
  const fallBacks = new Counter({
    name: 'imageonce_similarity_fall_backs_total',
    help: 'Owners whose reuse turned itself back to suggest, as too much of it was rejected.',
    registers,
  })
  for (const outcome of JUDGE_OUTCOMES) judged.inc({ outcome }, 0)
  // From nothing to 1 is no increase to Prometheus.
  for (const mode of JUDGED) {
    for (const verdict of ['accepted', 'rejected']) verdicts.inc({ mode, verdict }, 0)
  }

  const onCheck = ({ mode, outcome, durationMs, embeddingCostNanoUsd }: CheckReport): void => {
    duration.observe({ mode, outcome }, durationMs / 1_000)
    cost.inc(toUsd(embeddingCostNanoUsd))
  }
  /** The same embedder, with its costs counted; for embeddings made beside comparisons, which report their own. */
  const measure = (embedder: Embedder): Embedder => ({
    ...embedder,
    embed: async (...given) => {
      const embedded = await embedder.embed(...given)
      cost.inc(toUsd(embedded.costNanoUsd))
      return embedded
    },
  })
  const onVerdict = ({ mode, accepted, hasFallenBack }: Verdict): void => {
    verdicts.inc({ mode, verdict: accepted ? 'accepted' : 'rejected' })
    if (hasFallenBack) fallBacks.inc()
  }
  const onJudged = ({ outcome, costNanoUsd }: JudgeOutcome): void => {
    judged.inc({ outcome })
    judgeCost.inc(toUsd(costNanoUsd))
  }
  return { onCheck, measure, onVerdict, onJudged }
}
