import type { Day } from './bill/days.ts'
import type { Verdict } from './calls.ts'

/** What both sides say of something, in billionths of a US dollar. */
export type Sides = {
  billedNanoUsd: number
  bookedNanoUsd: number
  billedTokens: number | null
  bookedTokens: number | null
}

/** What one side has more than the other. */
export type Difference = Sides & {
  from: Day
  to: Day
  model: string | null
  tier: string | null
  kind: string | null
  sku: string | null
  lines: string | null
  rows: number
  responseId: string | null
  calls: string[]
  why: string
}

export type KindSum = Sides & { model: string; tier: string; kind: string; rows: number }

/** What came of comparing a bill. */
export type Compared = {
  differences: Difference[]
  verdicts: readonly Verdict[]
  kinds: KindSum[]
  booked: { calls: number; nanoUsd: number; estimates: number }
  pending: { calls: number; nanoUsd: number }
}

/** As `attempts 12 (g_…)`. */
export const nameCall = ({
  table,
  id,
  generationId,
}: {
  table: string
  id: string
  generationId?: string | undefined
}): string => `${table} ${id}${generationId ? ` (${generationId})` : ''}`
