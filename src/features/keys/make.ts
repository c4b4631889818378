import type { Database } from '../../../db/database.ts'
import type { AccessKeyRow } from '../../../db/schema.ts'
import type { KeyInput } from '../../contract/key.ts'
import { findOwnerId } from '../../contract/namespace.ts'
import { ownerIdSchema } from '../../contract/text.ts'
import { AppError } from '../../lib/errors.ts'
import { insertKey, revokeKey } from './repository.ts'

/** Sets what may be spent by whom, in US dollars; `scope` of a key is `key:<id>`. */
export type SetBudget = (
  scope: `key:${string}`,
  limits: { dailyUsd?: number; monthlyUsd?: number },
) => Promise<unknown>

/**
 * Makes a key, and its budget where it has one. The secret is answered here and never again. A key whose budget could not be set is
 * revoked: none is ever without the bounds that it was to have. Throws `invalid_request`.
 */
export const makeKey = async (
  { db, setBudget }: { db: Database; setBudget: SetBudget },
  { dailyUsd, monthlyUsd, ...input }: KeyInput,
  createdBy: string,
): Promise<{ row: AccessKeyRow; secret: string }> => {
  assertName(input)
  const limits = { ...(dailyUsd && { dailyUsd }), ...(monthlyUsd && { monthlyUsd }) }
  const made = await insertKey(db, input, createdBy)
  try {
    if (Object.keys(limits).length > 0) await setBudget(`key:${made.row.id}`, limits)
  } catch (error) {
    await revokeKey(db, made.row.id)
    throw error
  }
  return made
}

const assertName = ({ ownerId, namespace }: Pick<KeyInput, 'ownerId' | 'namespace'>): void => {
  if (ownerId === undefined) return
  const found = findOwnerId(namespace, ownerId)
  if (found === undefined) {
    throw invalid('ownerId', 'is in a namespace: give its name alone, and the namespace beside it')
  }
  if (!ownerIdSchema.safeParse(found).success) {
    throw invalid('ownerId', 'must have at most 255 characters with its namespace')
  }
}

const invalid = (field: string, message: string) =>
  new AppError('invalid_request', message, { pointer: `/${field}` })
