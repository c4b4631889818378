import type { BulkReport } from '../../contract/bulk.ts'
import type { GenerationStatus } from '../../contract/vocabulary.ts'
import { type GenerationFilter, listGenerations } from '../read/list.ts'
import { type CancelDeps, cancelGenerations } from '../state/cancel.ts'
import type { GenerationWithImage, PagePosition } from '../state/repository.ts'
import {
  type AssertMayAskAgain,
  findRefusals,
  type RetryDeps,
  retryGenerations,
} from './retry-generations.ts'

/** The most generations that one request changes. */
export const MAX_BULK_ROWS = 1_000

type BulkAction = BulkReport['action']

/** What an action may change at all. */
export const BULK_STATUSES: Record<BulkAction, readonly GenerationStatus[]> = {
  retry: ['failed', 'canceled'],
  cancel: ['queued', 'running'],
}

export type BulkDeps = RetryDeps & CancelDeps

export type BulkOrder = {
  action: BulkAction
  filter: GenerationFilter
  before?: PagePosition | undefined
  /** True: only tells what would be done. */
  dryRun: boolean
  /** Throws for what the caller may not ask for. */
  assertMayAsk: AssertMayAskAgain
  /** A caller's own key for the provider, which pays for what is retried. */
  upstreamKey?: string | undefined
}

type BulkResult = Pick<BulkReport, 'matched' | 'changed' | 'refused'> & {
  /** Where to go on, when there are more than one request changes. */
  next: PagePosition | undefined
}

/**
 * Retries or cancels the newest 1,000 generations that a filter lets through, each as if it had been asked for alone.
 * Safe to repeat: what was changed is not let through any more.
 */
export const changeInBulk = async (
  deps: BulkDeps,
  { action, filter, before, dryRun, assertMayAsk, upstreamKey }: BulkOrder,
): Promise<BulkResult> => {
  const status = filter.status ?? BULK_STATUSES[action]
  const found = await listGenerations(deps.db, {
    ...filter,
    status,
    before,
    limit: MAX_BULK_ROWS + 1,
  })
  const rows = found.slice(0, MAX_BULK_ROWS)
  const refused = await change({ ...deps, assertMayAsk, upstreamKey }, action, rows, dryRun)
  const last = rows.at(-1)
  return {
    matched: rows.length,
    changed: dryRun ? 0 : rows.length - refused.length,
    refused,
    next: found.length > rows.length && last ? { at: last.createdAt, id: last.id } : undefined,
  }
}

/** Those that were not, or would not be, changed. */
const change = async (
  deps: BulkDeps & Pick<BulkOrder, 'assertMayAsk' | 'upstreamKey'>,
  action: BulkAction,
  rows: GenerationWithImage[],
  dryRun: boolean,
): Promise<BulkReport['refused']> => {
  if (rows.length === 0) return []
  if (action === 'cancel') return dryRun ? [] : cancelAll(deps, rows)
  if (dryRun) {
    const refusals = await findRefusals(deps, rows, deps.assertMayAsk, deps.upstreamKey)
    return [...refusals].map(([id, { code }]) => ({ id, code }))
  }
  const asked = await retryGenerations(deps, rows, deps.assertMayAsk, deps.upstreamKey)
  return asked.flatMap(({ id, refusal }) => (refusal ? { id, code: refusal.code } : []))
}

const cancelAll = async (deps: BulkDeps, rows: GenerationWithImage[]) => {
  const canceled = await cancelGenerations(
    deps,
    rows.map(({ id }) => id),
  )
  return rows.flatMap(({ id }) => (canceled.has(id) ? [] : { id, code: 'already_finished' }))
}
