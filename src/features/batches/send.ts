import { sql } from 'kysely'
import { listCallees } from '../../generation/providers.ts'
import { describeRequest } from '../../generation/run/call-provider.ts'
import { Interrupted } from '../../generation/run/lease.ts'
import { outcomeRules } from '../../generation/run/outcomes.ts'
import { fromNow } from '../../generation/state/apply-transition.ts'
import { findGeneration } from '../../generation/state/repository.ts'
import { AppError, isProviderError, type ProviderError } from '../../lib/errors.ts'
import { type Change, saveBatch } from './hold.ts'
import { listSentItems, type SentItem, settleItem, unserved } from './items.ts'
import type { HeldBatch } from './ports.ts'
import type { StepDeps } from './step-deps.ts'

/** A batch that could not be sent for so long is given up: what is in it is made otherwise. */
const MAX_SEND_MS = 3_600_000

/**
 * Has a batch at the provider, once. Creating is not safe to repeat: what was sent before is looked for by its name, and only what the
 * provider has not, a while after, is sent again.
 */
export const sendBatch = async (
  deps: StepDeps,
  batch: HeldBatch,
  signal: AbortSignal,
): Promise<Change> => {
  const { wire, onStep } = deps
  if (batch.sentAt) {
    const [first, ...others] = await wire.findAll(batch.id, signal)
    for (const { name } of others) await wire.cancel(name, signal)
    if (first) return running(first.name)
    const waitMs = batch.sentAt.getTime() + deps.settleMs - batch.asOf.getTime()
    if (waitMs > 0) return { dueAt: fromNow(waitMs) }
  }
  if (batch.cancelAskedAt) return ended('canceled')
  if (batch.asOf.getTime() - batch.createdAt.getTime() > MAX_SEND_MS) return ended('refused')
  if (!batch.sentAt) await dropUnwanted(deps, batch, signal)
  const items = await listSentItems(deps.db, batch.id)
  const sendable = new Set<string>()
  if (items.length > 0) {
    await wire.upload(batch.id, writeLines(deps, items, sendable, signal), signal)
    onStep(batch.id, 'uploaded')
  }
  if (sendable.size === 0) return ended('canceled')
  // Before it is sent: whoever comes after this looks whether it was.
  if (!(await saveBatch(deps.db, batch, { sentAt: sql<Date>`now()` }))) {
    throw new Interrupted('claim_lost')
  }
  try {
    const { name } = await wire.create(batch.id, batch.model, signal)
    onStep(batch.id, 'created')
    return running(name)
  } catch (error) {
    signal.throwIfAborted()
    if (isProviderError(error) && isRefusal(error)) return refuse(deps, batch, error)
    throw error
  }
}

const running = (remoteName: string): Change => ({
  state: 'running',
  remoteName,
  runningAt: sql<Date>`now()`,
  dueAt: sql<Date>`now()`,
})

const ended = (outcome: HeldBatch['outcome']): Change => ({
  state: 'ended',
  outcome,
  endedAt: sql<Date>`now()`,
  dueAt: sql<Date>`now()`,
})

/** What was canceled is not sent, and what a person has come to wait for is made at once. */
const dropUnwanted = async (
  deps: StepDeps,
  { id }: HeldBatch,
  signal: AbortSignal,
): Promise<void> => {
  for (const item of await listSentItems(deps.db, id)) {
    if (item.isWanted && item.lane === 'eager') continue
    await settleItem(deps, item, unserved('It was taken out of its batch.'), signal)
  }
}

/** Of each generation its request; one that has none any more leaves the batch. */
async function* writeLines(
  deps: StepDeps,
  items: readonly SentItem[],
  sendable: Set<string>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  for (const item of items) {
    const line = await writeLine(deps, item, signal)
    if (line === undefined) continue
    sendable.add(item.generationId)
    yield line
  }
}

const writeLine = async (
  deps: StepDeps,
  item: SentItem,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const row = await findGeneration(deps.db, item.generationId)
  if (!row) return undefined
  try {
    const [callee] = listCallees(deps.run.providers, row)
    if (!callee) throw notHere()
    const request = await describeRequest(deps.run, row, callee, 'batch')
    return deps.wire.writeLine(item.generationId, request)
  } catch (error) {
    if (!(error instanceof AppError) || error.retryable) throw error
    await settleItem(deps, item, { kind: 'unsendable', error }, signal)
    return undefined
  }
}

/** Another worker may have it. */
const notHere = () =>
  new AppError('unavailable', 'This worker has not the provider of a batch.', { retryable: true })

/** Said before anything was begun. What may have been taken all the same is looked for. */
const isRefusal = (error: ProviderError): boolean =>
  error.code === 'rate_limited' ||
  (!outcomeRules[error.code].mayHaveCharged && outcomeRules[error.code].retry === 'never')

const refuse = async (deps: StepDeps, batch: HeldBatch, error: ProviderError): Promise<Change> => {
  if (error.code !== 'rate_limited') {
    await deps.onRefused(batch, error)
    return { ...ended('refused'), trouble: error.message, troubleSince: sql<Date>`now()` }
  }
  return {
    sentAt: null,
    dueAt: fromNow(error.retryAfterMs ?? 0),
    trouble: error.message,
    troubleSince: sql<Date>`coalesce(trouble_since, now())`,
  }
}
