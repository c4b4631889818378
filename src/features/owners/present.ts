import type { ErasureReceipt } from '../../contract/erasure.ts'
import type { ErasureRow } from './erasures.ts'

const NANO_USD = 1e9

/** An erasure as callers see it; nothing in it names the owner. */
export const presentErasure = (row: ErasureRow): ErasureReceipt => ({
  id: row.id,
  status: row.finishedAt ? 'done' : 'under_way',
  ownerDigest: row.ownerDigest,
  askedBy: row.askedBy,
  requestedAt: row.requestedAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
  erased: row.counts,
  spentUsd: Number(row.spentNanoUsd) / NANO_USD,
})
