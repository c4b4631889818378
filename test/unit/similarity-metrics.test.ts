import { expect, test } from '@jest/globals'
import { createMetrics } from '../../src/adapters/metrics/metrics.ts'
import { createSimilarityMetrics } from '../../src/features/similarity/metrics.ts'
import { parseMetrics } from '../support/metrics.ts'

test('comparisons, embeddings and verdicts are counted, with what they cost and how long they took', async () => {
  const { use, read } = createMetrics()
  const similarity = use(createSimilarityMetrics)
  const check = { mode: 'shadow', outcome: 'match' } as const
  similarity.onCheck({
    ...check,
    durationMs: 40,
    embeddingCostNanoUsd: 2_000_000,
    judgeCostNanoUsd: 0,
  })
  similarity.onCheck({ ...check, durationMs: 60, embeddingCostNanoUsd: 0, judgeCostNanoUsd: 0 })
  const embed = async (texts: readonly string[]) => ({
    vectors: [],
    costNanoUsd: texts.length * 3_000_000,
  })
  const embedder = similarity.measure({
    source: 'local',
    model: 'a model',
    dimensions: 2,
    embed,
  })
  await embedder.embed(['a red boat'], new AbortController().signal)
  similarity.onJudged({ outcome: 'same', costNanoUsd: 300_000 })
  similarity.onVerdict({ mode: 'reuse', accepted: true, hasFallenBack: false })
  similarity.onVerdict({ mode: 'reuse', accepted: false, hasFallenBack: true })

  const samples = parseMetrics((await read()).text)
  const duration = 'imageonce_similarity_check_duration_seconds'
  const verdicts = 'imageonce_similarity_verdicts_total'
  expect(embedder.model).toBe('a model')
  expect(samples.get(`${duration}_count{mode="shadow",outcome="match"}`)).toBe(2)
  expect(samples.get(`${duration}_sum{mode="shadow",outcome="match"}`)).toBeCloseTo(0.1, 9)
  expect(samples.get('imageonce_embedding_cost_usd_total')).toBeCloseTo(0.005, 9)
  expect(samples.get('imageonce_judge_cost_usd_total')).toBeCloseTo(0.0003, 9)
  expect(samples.get('imageonce_judge_verdicts_total{outcome="same"}')).toBe(1)
  expect(samples.get(`${verdicts}{mode="reuse",verdict="accepted"}`)).toBe(1)
  expect(samples.get(`${verdicts}{mode="reuse",verdict="rejected"}`)).toBe(1)
  expect(samples.get(`${verdicts}{mode="shadow",verdict="accepted"}`)).toBe(0)
  expect(samples.get('imageonce_similarity_fall_backs_total')).toBe(1)
})
