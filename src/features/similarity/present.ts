import type { SimilarityCheck, VerdictState } from '../../contract/similarity.ts'
import { showGeneration, type Urls } from '../../generation/read/present.ts'
import { toUsd } from '../../lib/money.ts'
import type { CheckRow } from './checks.ts'

/** A comparison as it is answered everywhere; `showsOwner` for operators, who see more than one owner's. */
export const presentCheck = (row: CheckRow, urls: Urls, showsOwner: boolean): SimilarityCheck => ({
  ...show(row.generationId, row.contentDigest, row.prompt, urls),
  ...(showsOwner && { ownerId: row.ownerId }),
  mode: row.mode,
  similarity: row.similarity ?? 0,
  ...(row.matchId !== null && {
    match: show(row.matchId, row.matchContentDigest, row.matchPrompt ?? '', urls),
  }),
  verdict: describeVerdict(row.accepted),
  durationMs: row.durationMs,
  embeddingCostUsd: toUsd(row.embeddingCostNanoUsd),
  ...(row.judgeModel !== null && { judge: row.judgeModel }),
  judgeCostUsd: toUsd(row.judgeCostNanoUsd),
  createdAt: row.createdAt.toISOString(),
})

const show = (id: string, imageContentDigest: string | null, prompt: string, urls: Urls) => ({
  generationId: id,
  imageUrl: showGeneration({ id, imageContentDigest }, urls),
  prompt,
})

const describeVerdict = (accepted: boolean | null): VerdictState => {
  if (accepted === null) return 'pending'
  return accepted ? 'accepted' : 'rejected'
}
