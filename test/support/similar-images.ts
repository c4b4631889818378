import { randomUUID } from 'node:crypto'
import type { SimilarityReport } from '../../src/contract/similarity.ts'
import type { SimilarityMode } from '../../src/contract/vocabulary.ts'
import type { TestApp } from './app.ts'
import { createClient } from './client.ts'
import { insertCheck, insertSuccess } from './rows.ts'

export const MATCH_COST_NANO_USD = 40_000_000

/** An owner that nobody knows yet, with ways to have similar images found, judged and reported. */
export const meetOwner = async (app: TestApp) => {
  const ownerId = `owner-${randomUUID()}`
  await app.db.insertInto('users').values({ id: ownerId }).execute()
  const client = await createClient(app, ownerId)
  const insert = (prompt: string, costNanoUsd = 0) =>
    insertSuccess(app.db, { ownerId, prompt, costNanoUsd })

  /** A similar image as a worker finds it; the id of the generation that it was found for. */
  const find = async (
    mode: SimilarityMode,
    given: { isMatch?: boolean; durationMs?: number; imageId?: string } = {},
  ): Promise<string> => {
    const imageId = given.imageId ?? (await insert('a red boat', MATCH_COST_NANO_USD)).id
    const { id } = await insert('a boat that is red')
    await insertCheck(app.db, { generationId: id, ownerId, mode, imageId, ...given })
    return id
  }
  const judge = (id: string, accepted: boolean, by = client) =>
    by.call('POST', `/api/generations/${id}/feedback`, { body: { accepted } })
  const judgeNew = async (mode: SimilarityMode, ...verdicts: boolean[]): Promise<void> => {
    for (const accepted of verdicts) await judge(await find(mode), accepted)
  }
  const report = async () => (await client.call<SimilarityReport>('GET', '/api/similarity')).body
  const choose = (mode: SimilarityMode | null) =>
    client.call<SimilarityReport>('PUT', '/api/similarity', { body: { mode } })
  return { ownerId, client, find, judge, judgeNew, report, choose }
}

/** A reused image that was judged to be the wrong one. */
export const insertRejected = async (
  { db }: TestApp,
  ownerId: string,
  prompt: string,
): Promise<void> => {
  const { id: generationId } = await insertSuccess(db, { ownerId, prompt })
  const verdict = { accepted: false, judgedAt: new Date() }
  await insertCheck(db, { generationId, ownerId, mode: 'reuse', ...verdict })
}
