import type { CallTable } from '../../../db/books-tables.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { TokenKind } from './kinds.ts'

/** A call as it is booked. */
export type BookedCall = {
  table: CallTable
  id: string
  generationId: string | undefined
  ownerId: string | undefined
  /** The model's name in the price table, or as it was called. */
  model: string
  tier: string
  /** Milliseconds since 1970. */
  startedAt: number
  /** When its answer came, or it was given up; the same as `startedAt` where nobody knows. */
  endedAt: number
  costNanoUsd: NanoUsd
  /** True where nobody has said what it cost. */
  isEstimate: boolean
  responseId: string | undefined
  /** What of the cost is for which tokens; undefined where that is not known, as of an estimate. */
  parts: readonly Part[] | undefined
}

/** A share of a call's cost, unrounded; `tokens` are absent where they were not counted. */
export type Part = { kind: TokenKind; tokens: number | undefined; nanoUsd: number }

/** Those that were sent from `from` until before `to`, in milliseconds since 1970. */
export type ReadCalls = (from: number, to: number) => AsyncIterable<BookedCall>

/** What a bill says of a call of unknown cost. */
export type Verdict = {
  table: CallTable
  id: string
  startedAt: number
  fromNanoUsd: NanoUsd
  toNanoUsd: NanoUsd
  basis: 'row' | 'share' | 'absent'
  responseId?: string | undefined
}

/** A call of unknown cost may have thought for longer, or been about a longer prompt, than one that is listed. */
export const MAX_OF_ESTIMATE = 2
