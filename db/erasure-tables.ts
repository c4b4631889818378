import type { ColumnType, Generated } from 'kysely'
import type { NanoUsd, NanoUsdSum } from '../src/lib/money.ts'
import type { Period } from './spending-tables.ts'

/** Owners that are being erased, and the receipts of those that were. */
export type ErasuresTable = {
  id: Generated<string>
  /** What the receipt knows the owner by: `digestOwner`. */
  ownerDigest: string
  /** Null once nothing of the owner is left. */
  ownerId: string | null
  /** `list`: a database that was restored had the owner again. */
  askedBy: 'owner' | 'operator' | 'list'
  requestedAt: Generated<Date>
  finishedAt: Date | null
  /** Until when it is left to the worker that is at it. */
  leaseExpiresAt: Date | null
  /** How much of each kind was erased; the keys are of one word each. */
  counts: ColumnType<Record<string, number>, string | undefined, string>
  /** What the erased calls had cost, which analytics goes on counting; in billionths of a US dollar. */
  spentNanoUsd: ColumnType<NanoUsdSum, NanoUsd | undefined, NanoUsd>
}

/** What owners who were erased have spent in periods that go on, in billionths of a US dollar: an owner who comes back has spent it. */
export type ErasedSpendingTable = {
  ownerDigest: string
  period: Period
  starts: ColumnType<string, string, never>
  nanoUsd: ColumnType<NanoUsdSum, NanoUsd, never>
}

/** The limits that operators had set to such owners, until the month ends. */
export type ErasedBudgetsTable = {
  ownerDigest: string
  dailyNanoUsd: ColumnType<NanoUsdSum | null, NanoUsd | null, never>
  monthlyNanoUsd: ColumnType<NanoUsdSum | null, NanoUsd | null, never>
  ends: ColumnType<string, string, never>
}

/** Objects of erased rows that the store may have yet. */
export type ErasedObjectsTable = {
  erasureId: string
  objectKey: string
  /** Of an image: by which its thumbnails are named. */
  version: string | null
}
