import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Lane, ProviderName } from '../../contract/vocabulary.ts'
import { recordIntent } from '../../generation/run/attempts.ts'
import type { ChangedRow } from '../../generation/state/apply-transition.ts'
import { enterBatch } from '../../generation/state/batch-transitions.ts'
import { type BudgetSettings, spendingStopped } from '../../generation/state/spending-limits.ts'
import { holdLimits } from '../../generation/state/sums-lock.ts'
import { awaitBudget, MAX_WAIT_MS, releaseGeneration } from '../../generation/state/transitions.ts'
import type { BatchWire, OnBatchStep } from './ports.ts'

export type IntendDeps = {
  db: Database
  wire: Pick<BatchWire, 'name' | 'estimateNanoUsd'>
  /** The most generations in a batch. */
  maxItems: number
  waitMs: number
  /** How long after it was made a batch and all in it ends at the latest. */
  deadlineMs: number
  budgets: BudgetSettings
  giveUpMs: Record<Lane, number>
  onStep: OnBatchStep
}

/** Google takes 100 of an account at once. */
const MAX_OPEN_BATCHES = 90

/**
 * Makes batches of what waits for one, of each model for itself: of as many as one takes, or of fewer once the first has waited long
 * enough. Safe from many workers at once.
 */
export const intendBatches = async (deps: IntendDeps): Promise<void> => {
  for (const kind of await listDueKinds(deps)) {
    while (await intendBatch(deps, kind)) {}
  }
}

type Kind = { provider: ProviderName; account: string; model: string }

const listDueKinds = async ({ db, wire, maxItems, waitMs }: IntendDeps): Promise<Kind[]> => {
  const { rows } = await sql<Kind>`
    select provider, account, model from batch_items
    where state = 'gathered' and provider = ${wire.name}
    group by provider, account, model
    having count(*) >= ${maxItems} or min(gathered_at) <= now() - ${waitMs} * interval '1 millisecond'`.execute(
    db,
  )
  return rows
}

/**
 * One batch: its row, what each of its calls may cost and the items, all or nothing and before anything is sent. True where it is full,
 * so that there may be another.
 */
const intendBatch = async (deps: IntendDeps, kind: Kind): Promise<boolean> => {
  const { db, maxItems, waitMs, deadlineMs } = deps
  const id = `b_${randomBytes(16).toString('hex')}`
  const sent = await db.transaction().execute(async (tx) => {
    await holdLimits(tx)
    // Two workers would make two half of it.
    if (!(await takeTurn(tx, kind))) return []
    const waiting = await lockWaiting(tx, kind, { limit: maxItems, waitMs })
    await dropStale(tx, kind)
    // Some of those that were counted may have gone another way: the rest waits for more.
    if (waiting.length < maxItems && !waiting[0]?.isOverdue) return []
    const ids = waiting.map(({ id }) => id)
    const claims = await enterBatch(tx, ids, deadlineMs)
    const sent: Intended[] = []
    for (const claim of claims) {
      const attemptId = await intend(tx, deps, claim)
      if (attemptId) sent.push({ generationId: claim.id, fence: claim.fence, attemptId })
    }
    if (sent.length > 0) await insertBatch(tx, id, kind, sent)
    return sent
  })
  if (sent.length > 0) deps.onStep(id, 'intended')
  return sent.length >= maxItems
}

const takeTurn = async (tx: Database, { account, model }: Kind): Promise<boolean> => {
  const { rows } = await sql<{ isMine: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${`batches ${account} ${model}`}, 0))
      and (select count(*) < ${MAX_OPEN_BATCHES} from batches where state in ('intended', 'running')) as is_mine`.execute(
    tx,
  )
  return rows[0]?.isMine ?? false
}

/** The first in line, locked; what another changes at this moment is left to the next batch. */
const lockWaiting = async (
  tx: Database,
  { provider, account, model }: Kind,
  { limit, waitMs }: { limit: number; waitMs: number },
): Promise<Waiting[]> => {
  const { rows } = await sql<Waiting>`
    select g.id, item.gathered_at <= now() - ${waitMs} * interval '1 millisecond' as is_overdue
    from batch_items as item join generations as g on g.id = item.generation_id
    where item.state = 'gathered' and item.provider = ${provider} and item.account = ${account} and item.model = ${model}
      and g.status = 'queued' and g.lane = 'eager' and g.fence = item.fence and g.upstream_account is null
    order by item.gathered_at, item.id
    limit ${limit}
    for no key update of g skip locked`.execute(tx)
  return rows
}

/** `isOverdue`: it has waited for others as long as it may. */
type Waiting = { id: string; isOverdue: boolean }

/** What was canceled, or went another way, while it waited. */
const dropStale = async (tx: Database, { provider, account, model }: Kind): Promise<void> => {
  await sql`
    delete from batch_items as item using generations as g
    where g.id = item.generation_id and item.state = 'gathered'
      and item.provider = ${provider} and item.account = ${account} and item.model = ${model}
      and (g.status not in ('queued', 'running') or g.lane <> 'eager')`.execute(tx)
}

type Intended = { generationId: string; fence: number; attemptId: string }

/** The recorded call of one; undefined for what may not be paid for now, which waits for that. */
const intend = async (
  tx: Database,
  { wire, budgets, giveUpMs }: IntendDeps,
  claim: ChangedRow,
): Promise<string | undefined> => {
  const heldNanoUsd = wire.estimateNanoUsd(claim.model, claim.imageSize)
  const intent = await recordIntent(tx, claim, heldNanoUsd, budgets, 'batch')
  if (typeof intent === 'object' && 'attemptId' in intent) return intent.attemptId
  await tx
    .deleteFrom('batchItems')
    .where('generationId', '=', claim.id)
    .where('state', '=', 'gathered')
    .execute()
  if (typeof intent === 'string') {
    await releaseGeneration(tx, claim)
    return undefined
  }
  const stop = spendingStopped(intent.stop, intent.asOf)
  const waitMs = stop.code === 'spending_paused' ? MAX_WAIT_MS.eager : (stop.retryAfterMs ?? 0)
  await awaitBudget(tx, claim, stop, waitMs, giveUpMs.eager)
  return undefined
}

const insertBatch = async (
  tx: Database,
  id: string,
  kind: Kind,
  sent: readonly Intended[],
): Promise<void> => {
  await tx
    .insertInto('batches')
    .values({ id, ...kind, itemCount: sent.length })
    .execute()
  await sql`
    update batch_items set batch_id = ${id}, state = 'sent', fence = one.fence, attempt_id = one.attempt_id
    from unnest(
      ${sent.map(({ generationId }) => generationId)}::text[], ${sent.map(({ fence }) => fence)}::integer[],
      ${sent.map(({ attemptId }) => attemptId)}::bigint[]) as one (generation_id, fence, attempt_id)
    where batch_items.generation_id = one.generation_id and state = 'gathered'`.execute(tx)
}
