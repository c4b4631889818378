import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { normalizePrompt } from '../../contract/identity.ts'

/** A prompt as it is embedded, and for which its embedding is kept. */
export type PromptToEmbed = {
  fingerprint: string
  ownerId: string
  /** As `createScope` makes it. */
  scope: string
  prompt: string
}

export type PromptRow = Omit<PromptToEmbed, 'prompt'> & {
  /** As `digestPrompt` makes it. */
  promptDigest: string
}

/** The same for prompts that differ in nothing but what `normalizePrompt` takes away. */
export const digestPrompt = (prompt: string): string =>
  createHash('sha256').update(normalizePrompt(prompt)).digest('hex')

/** The embedding of this fingerprint, else of the same prompt of the same owner elsewhere. */
export const findCode = async (
  db: Database,
  { fingerprint, ownerId, promptDigest }: PromptRow,
  model: string,
): Promise<{ code: Buffer; isOwn: boolean } | undefined> => {
  // Each by its own index: one prompt may be there for thousands of condition images.
  const { rows } = await sql<{ code: Buffer; isOwn: boolean }>`
    (select code, true as is_own from prompt_embeddings
      where fingerprint = ${fingerprint} and model = ${model} and owner_id = ${ownerId})
    union all
    (select code, false as is_own from prompt_embeddings
      where owner_id = ${ownerId} and prompt_digest = ${promptDigest} and model = ${model} limit 1)
    order by is_own desc limit 1`.execute(db)
  return rows[0]
}

/** The embeddings that the owners of these prompts have of them already, by digest: equal prompts have equal ones. */
export const findCodes = async (
  db: Database,
  prompts: readonly Pick<PromptRow, 'ownerId' | 'promptDigest'>[],
  model: string,
): Promise<Map<string, Buffer>> => {
  const { rows } = await sql<{ promptDigest: string; code: Buffer }>`
    select wanted.prompt_digest, found.code
    from unnest(
      ${prompts.map(({ ownerId }) => ownerId)}::text[],
      ${prompts.map(({ promptDigest }) => promptDigest)}::text[]) as wanted (owner_id, prompt_digest)
    cross join lateral (
      select code from prompt_embeddings
      where owner_id = wanted.owner_id and prompt_digest = wanted.prompt_digest and model = ${model}
      limit 1) as found`.execute(db)
  return new Map(rows.map(({ promptDigest, code }) => [promptDigest, code]))
}

/** Keeps the embeddings that are not there yet, in an order, so that two processes with the same ones can't wait for each other. */
export const insertCodes = async (
  db: Database,
  rows: readonly (PromptRow & { code: Buffer })[],
  model: string,
): Promise<void> => {
  if (rows.length === 0) return
  const values = rows.map(({ fingerprint, ownerId, scope, promptDigest, code }) => ({
    fingerprint,
    model,
    ownerId,
    scope,
    promptDigest,
    code,
  }))
  values.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
  await db
    .insertInto('promptEmbeddings')
    .values(values)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
