import type { Database } from '../../../db/database.ts'
import type { AppError } from '../../lib/errors.ts'
import { findGeneration, type GenerationWithImage } from '../state/repository.ts'
import {
  answerWith,
  findAnswer,
  findOlder,
  type Submission,
  type SubmissionStatements,
} from './find-or-create.ts'
import { type DescribeOlder, findBound, type RequestedKey } from './idempotency.ts'
import type { ResolvedRequest } from './resolve-request.ts'

/** What would answer a request: a generation that is there, or a new one (or one that is asked for again). */
export type ForeseenAnswer =
  | { kind: Exclude<Submission['kind'], 'new'>; generation: GenerationWithImage }
  | { kind: 'new'; wanted: ResolvedRequest['generation'] }

type ForeseeDeps = { db: Database; statements: Pick<SubmissionStatements, 'find'> }

/**
 * What `findOrCreate` would answer at this moment, without doing it: it goes by the same reads and changes nothing. Throws
 * `idempotency_key_reused`.
 */
export const foreseeAnswer = async (
  deps: ForeseeDeps,
  request: Pick<ResolvedRequest, 'generation' | 'olderFingerprint' | 'own'>,
  key?: RequestedKey,
  describeOlder?: DescribeOlder,
): Promise<ForeseenAnswer> => {
  const { generation, olderFingerprint, own } = request
  const bound =
    key && (await findBound(deps.db, { ...key, ...toBinding(generation) }, describeOlder))
  if (bound) return toAnswer(bound)
  const joined = await foreseeJoin(deps, generation, olderFingerprint)
  const isDeclined = own && joined.kind !== 'new' && joined.generation.reuseSource === 'similar'
  return isDeclined ? foreseeJoin(deps, own) : joined
}

const toBinding = ({ id: generationId, ownerId }: ResolvedRequest['generation']) => ({
  generationId,
  ownerId,
})

const foreseeJoin = async (
  deps: ForeseeDeps,
  wanted: ResolvedRequest['generation'],
  olderFingerprint?: string,
): Promise<ForeseenAnswer> => {
  const found = wanted.joinsOthers
    ? ((await findAnswer(deps, wanted, 0)) ??
      (olderFingerprint && (await findOlder(deps, olderFingerprint))))
    : await findUnlessAskedAgain(deps.db, wanted.id)
  return found ? toAnswer(found) : { kind: 'new', wanted }
}

/** One that wants an image of its own: one that failed or was canceled is put in the queue again. */
const findUnlessAskedAgain = async (
  db: Database,
  id: string,
): Promise<GenerationWithImage | undefined> => {
  const found = await findGeneration(db, id)
  return found && ['failed', 'canceled'].includes(found.status) ? undefined : found
}

const toAnswer = (found: GenerationWithImage): ForeseenAnswer => {
  const { generation, kind } = answerWith(found)
  return { generation, kind: kind as Exclude<Submission['kind'], 'new'> }
}

/** Whether an error says that the request is not taken, and not that nobody can tell. */
export const isRefusal = ({ code }: AppError): boolean =>
  !['unavailable', 'internal', 'timeout', 'unauthenticated'].includes(code)
