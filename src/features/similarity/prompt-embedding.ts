import type { Database } from '../../../db/database.ts'
import { normalizePrompt } from '../../contract/identity.ts'
import type { NanoUsd } from '../../lib/money.ts'
import { encodeVector } from './embedding-code.ts'
import {
  digestPrompt,
  findCode,
  insertCodes,
  type PromptRow,
  type PromptToEmbed,
} from './embedding-rows.ts'
import type { Embedder } from './ports.ts'
import { createSharedCalls } from './share-calls.ts'

/** As `encodeVector` made it, and what it cost now: 0 where it was there already, or another call has booked it. */
export type PromptEmbedding = { code: Buffer; costNanoUsd: NanoUsd }

/** Throws `EmbeddingError`, what Postgres throws, or the signal's reason. */
export type GetPromptEmbedding = (
  prompt: PromptToEmbed & { keyId?: string | null },
  signal: AbortSignal,
) => Promise<PromptEmbedding>

/**
 * Gives a prompt's embedding: the one that is kept for its fingerprint, else that of the same prompt of the same owner, else one
 * made now. It is kept once this resolves. Calls for the same prompt of an owner at the same time share one
 * embedding; two processes that do so each make one, and keep one.
 */
export const createGetPromptEmbedding = ({
  db,
  embedder,
}: {
  db: Database
  embedder: Embedder
}): GetPromptEmbedding => {
  const share = createSharedCalls<Shared>()

  const findOrMake = async (
    row: PromptRow,
    prompt: string,
    keyId: string | null,
    signal: AbortSignal,
  ): Promise<Shared> => {
    const found = await findCode(db, row, embedder.model)
    if (found) {
      return { code: found.code, keptFor: found.isOwn && row.fingerprint, takeCostNanoUsd: () => 0 }
    }
    const { vectors, costNanoUsd } = await embedder.embed([prompt], signal, {
      ownerId: row.ownerId,
      keyId,
    })
    const [vector] = vectors
    if (!vector) throw new Error(`the embedder ${embedder.model} answered without a vector`)
    const code = encodeVector(vector)
    // Before the next call looks for it.
    await insertCodes(db, [{ ...row, code }], embedder.model)
    return { code, keptFor: row.fingerprint, takeCostNanoUsd: bookOnce(costNanoUsd) }
  }

  return async ({ prompt, keyId = null, ...ids }, signal) => {
    const row = { ...ids, promptDigest: digestPrompt(prompt) }
    const { code, keptFor, takeCostNanoUsd } = await share(
      JSON.stringify([row.ownerId, row.promptDigest]),
      (sharedSignal) => findOrMake(row, normalizePrompt(prompt), keyId, sharedSignal),
      signal,
    )
    if (keptFor !== row.fingerprint) await insertCodes(db, [{ ...row, code }], embedder.model)
    return { code, costNanoUsd: takeCostNanoUsd() }
  }
}

/** What calls for the same prompt at the same time have in common. */
type Shared = { code: Buffer; keptFor: string | false; takeCostNanoUsd: () => NanoUsd }

const bookOnce = (costNanoUsd: NanoUsd) => {
  let left = costNanoUsd
  return () => {
    const taken = left
    left = 0
    return taken
  }
}
