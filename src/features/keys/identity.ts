import type { AccessKeyRow } from '../../../db/schema.ts'
import type { KeyIdentity } from '../../adapters/http/principal.ts'

/** What a request is told of its key. */
export const toIdentity = (row: AccessKeyRow): KeyIdentity => ({
  id: row.id,
  name: row.name,
  ownerId: row.ownerId ?? undefined,
  namespace: row.namespace ?? undefined,
  scopes: row.scopes,
  models: row.models ?? undefined,
  sizes: row.sizes ?? undefined,
  lanes: row.lanes ?? undefined,
  origins: row.origins ?? undefined,
  rates: row.perMinute === null ? undefined : { perMinute: row.perMinute },
  variants: row.variants,
  upstreamKeys: row.upstreamKeys ?? undefined,
  expiresAt: row.expiresAt ?? undefined,
})
