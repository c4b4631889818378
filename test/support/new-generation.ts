import type { GenerationToInsert } from '../../src/generation/state/insert-or-requeue.ts'
import { newGenerationId } from './rows.ts'

/** A plain request of alice's, as it is put in the queue. */
export const aNewGeneration = (given: Partial<GenerationToInsert> = {}): GenerationToInsert => {
  const id = given.id ?? newGenerationId()
  return {
    id,
    ownerId: 'alice',
    keyId: null,
    fingerprint: id,
    revision: null,
    forcedBy: null,
    joinsOthers: true,
    lane: 'interactive',
    prompt: 'a test',
    isPromptAsWritten: true,
    transformation: 'generate',
    conditionImageId: null,
    conditionImageDigest: null,
    provider: 'local',
    model: 'local',
    aspectRatio: null,
    imageSize: '1K',
    variant: null,
    details: null,
    similarityMode: null,
    mayCostNanoUsd: 0,
    objectKey: `generated/${id}/new`,
    ...given,
  }
}
