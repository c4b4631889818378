import type { ErasureReceipt } from '../../contract/erasure.ts'
import { toUsd } from '../../lib/money.ts'
import type { ErasureRow } from './erasures.ts'

/** An erasure as callers see it; nothing in it names the owner. */
export const presentErasure = (row: ErasureRow): ErasureReceipt => ({
  id: row.id,
  status: row.finishedAt ? 'done' : 'under_way',
  ownerDigest: row.ownerDigest,
  askedBy: row.askedBy,
  requestedAt: row.requestedAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
  erased: row.counts,
  spentUsd: toUsd(row.spentNanoUsd),
})
