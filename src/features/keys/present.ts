import type { AccessKeyRow } from '../../../db/schema.ts'
import type { Key } from '../../contract/key.ts'
import type { KeyStatus } from '../../contract/vocabulary.ts'
import { defined } from '../../generation/read/present.ts'

/** A key as it is answered, without its secret. */
export const presentKey = (row: AccessKeyRow, now = new Date()): Key => ({
  id: row.id,
  prefix: row.prefix,
  name: row.name,
  status: statusOf(row, now),
  onBehalf: row.ownerId === null,
  scopes: row.scopes,
  variants: row.variants,
  createdBy: row.createdBy,
  createdAt: row.createdAt.toISOString(),
  ...defined({
    ownerId: row.ownerId,
    namespace: row.namespace,
    models: row.models,
    sizes: row.sizes,
    lanes: row.lanes,
    origins: row.origins,
    perMinute: row.perMinute,
    eagerTier: row.eagerTier,
    upstreamKeys: row.upstreamKeys,
    expiresAt: row.expiresAt?.toISOString(),
    revokedAt: row.revokedAt?.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString(),
  }),
})

const statusOf = ({ revokedAt, expiresAt }: AccessKeyRow, now: Date): KeyStatus => {
  if (revokedAt) return 'revoked'
  return expiresAt && expiresAt <= now ? 'expired' : 'active'
}
