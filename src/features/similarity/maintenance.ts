import { toUsd } from '../../lib/money.ts'
import { dropEmbeddings } from './drop-embeddings.ts'
import type { Embedder } from './ports.ts'
import { type ReEmbedDeps, reEmbed } from './re-embed.ts'

/**
 * Adds the embeddings that are missing and deletes those that are of no use. Safe to repeat. Throws the embedder's trouble when it
 * has done what it could.
 */
export const maintainEmbeddings = async (
  { db, embedder, ...deps }: Omit<ReEmbedDeps, 'embedder'> & { embedder: Embedder | undefined },
  signal: AbortSignal,
): Promise<{ added: number; costUsd: number; deleted: number }> => {
  const { added, costNanoUsd, isComplete, trouble } = embedder
    ? await reEmbed({ db, embedder, ...deps }, signal)
    : { added: 0, costNanoUsd: 0, isComplete: false }
  const { deleted } = await dropEmbeddings(db, isComplete ? embedder?.model : undefined, signal)
  if (trouble) throw trouble
  return { added, costUsd: toUsd(costNanoUsd), deleted }
}
