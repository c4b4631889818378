import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../../../db/database.ts'
import { normalizePrompt } from '../../contract/identity.ts'
import type { SimilarityMode } from '../../contract/vocabulary.ts'
import { EmbeddingError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import { encodeVector } from './embedding-code.ts'
import { findCodes, insertCodes } from './embedding-rows.ts'
import { findMissing, listImageIds, type MissingEmbedding } from './missing-embeddings.ts'
import type { Embedder } from './ports.ts'

export type ReEmbedDeps = {
  db: Database
  embedder: Embedder
  /** For owners without a choice of their own: with `off` their prompts are not embedded. */
  defaultMode: SimilarityMode
}

export type ReEmbedReport = {
  /** Embeddings that were added. */
  added: number
  costNanoUsd: NanoUsd
  /** True when no image lacks an embedding any more. */
  isComplete: boolean
  /** What the embedder failed with last. */
  trouble: EmbeddingError | undefined
}

const BATCH_TEXTS = 20

/** One text that is refused for ever must not keep the others from their turn; an outage is not called again and again. */
const MAX_TROUBLES_IN_A_ROW = 3

/**
 * Gives every image whose prompt has no embedding by the embedder's model one, page by page. It takes up half of the time at most.
 * Safe to repeat: what was added stays, also where it is stopped by the signal, or by Postgres, and throws.
 */
export const reEmbed = async (deps: ReEmbedDeps, signal: AbortSignal): Promise<ReEmbedReport> => {
  const { db, embedder, defaultMode } = deps
  const report: ReEmbedReport = { added: 0, costNanoUsd: 0, isComplete: false, trouble: undefined }
  let troubles = 0
  for (let after = ''; ; ) {
    signal.throwIfAborted()
    const imageIds = await listImageIds(db, after)
    if (imageIds.length === 0) break
    after = imageIds.at(-1) ?? after
    const missing = await findMissing(db, imageIds, { model: embedder.model, defaultMode })
    for (const batch of toBatches(missing)) {
      signal.throwIfAborted()
      const startedAt = performance.now()
      try {
        report.costNanoUsd += await addEmbeddings(deps, batch, signal)
        report.added += batch.length
        troubles = 0
      } catch (error) {
        if (!(error instanceof EmbeddingError)) throw error
        report.trouble = error
        if (++troubles === MAX_TROUBLES_IN_A_ROW) return report
      }
      await pause(performance.now() - startedAt, undefined, { signal })
    }
  }
  report.isComplete = report.trouble === undefined
  return report
}

const toBatches = (missing: readonly MissingEmbedding[]): MissingEmbedding[][] =>
  Array.from({ length: Math.ceil(missing.length / BATCH_TEXTS) }, (_, index) =>
    missing.slice(index * BATCH_TEXTS, (index + 1) * BATCH_TEXTS),
  )

/** Those of a prompt that has one elsewhere are copied. Answers with what the others cost. */
const addEmbeddings = async (
  { db, embedder }: ReEmbedDeps,
  batch: readonly MissingEmbedding[],
  signal: AbortSignal,
): Promise<NanoUsd> => {
  const codes = await findCodes(db, batch, embedder.model)
  const unknown = new Map(
    batch
      .filter(({ promptDigest }) => !codes.has(promptDigest))
      .map(({ promptDigest, prompt }) => [promptDigest, normalizePrompt(prompt)]),
  )
  let costNanoUsd = 0
  if (unknown.size > 0) {
    const embedded = await embedder.embed([...unknown.values()], signal)
    costNanoUsd = embedded.costNanoUsd
    for (const [index, digest] of [...unknown.keys()].entries()) {
      const vector = embedded.vectors[index]
      if (vector) codes.set(digest, encodeVector(vector))
    }
  }
  const rows = batch.flatMap((row) => {
    const code = codes.get(row.promptDigest)
    return code ? [{ ...row, code }] : []
  })
  await insertCodes(db, rows, embedder.model)
  return costNanoUsd
}
