import type { Database } from '../../../db/database.ts'
import type { AttemptRow, EventRow, GenerationRow, SurplusRow } from '../../../db/schema.ts'
import type { GenerationEventType } from '../../contract/generation.ts'
import type {
  GenerationAttempt,
  GenerationHistory,
  Surplus,
} from '../../contract/generation-history.ts'
import { toUsd } from '../../lib/money.ts'
import { listSurplus } from '../state/surplus.ts'
import { defined, type Urls } from './present.ts'

/** One that was asked for again and again has more of them than anybody reads. */
const MAX_EVENTS = 500
const MAX_ATTEMPTS = 100

/** What has happened to a generation, in order: its newest 500 events, its newest 100 attempts and what else they brought. */
export const describeHistory = async (
  db: Database,
  row: GenerationRow,
  urls: Urls,
): Promise<GenerationHistory> => {
  const [events, attempts, surplus] = await Promise.all([
    listNewestEvents(db, row.id),
    listNewestAttempts(db, row.id),
    listSurplus(db, row.id),
  ])
  return {
    id: row.id,
    events: events.slice(0, MAX_EVENTS).reverse().map(presentEvent),
    attempts: attempts
      .slice(0, MAX_ATTEMPTS)
      .map((attempt, index) => presentAttempt(attempt, row, index === 0))
      .reverse(),
    surplus: surplus.map((each) => presentSurplus(each, urls)),
    isCut: events.length > MAX_EVENTS || attempts.length > MAX_ATTEMPTS,
  }
}

const listNewestEvents = (db: Database, id: string) =>
  db
    .selectFrom('generationEvents')
    .select(['sequence', 'type', 'data', 'createdAt'])
    .where('generationId', '=', id)
    .where('sequence', 'is not', null)
    .orderBy('sequence', 'desc')
    .limit(MAX_EVENTS + 1)
    .execute()

const listNewestAttempts = (db: Database, id: string): Promise<AttemptRow[]> =>
  db
    .selectFrom('attempts')
    .selectAll()
    .where('generationId', '=', id)
    .orderBy('id', 'desc')
    .limit(MAX_ATTEMPTS + 1)
    .execute()

const presentSurplus = (
  { generationId, kind, digest, sizeBytes, createdAt, mimeType, reason }: SurplusRow,
  urls: Urls,
): Surplus => ({
  kind,
  at: createdAt.toISOString(),
  digest,
  sizeBytes,
  url: `${urls.generation(generationId)}/surplus/${digest}`,
  ...defined({ mimeType, reason }),
})

const presentEvent = (event: Pick<EventRow, 'sequence' | 'type' | 'data' | 'createdAt'>) => ({
  sequence: event.sequence ?? 0,
  type: event.type as GenerationEventType,
  at: event.createdAt.toISOString(),
  ...(typeof event.data.errorCode === 'string' && { errorCode: event.data.errorCode }),
})

const presentAttempt = (
  attempt: AttemptRow,
  row: GenerationRow,
  isNewest: boolean,
): GenerationAttempt => ({
  workerId: attempt.workerId,
  provider: attempt.provider,
  model: attempt.model,
  startedAt: attempt.startedAt.toISOString(),
  costUsd: toUsd(attempt.costNanoUsd),
  isEstimate: attempt.isEstimate,
  mayHaveCharged: attempt.mayHaveCharged,
  billedTo: attempt.billedTo,
  steps: presentSteps(attempt, isNewest ? row : undefined),
  ...defined({
    finishedAt: attempt.finishedAt?.toISOString(),
    tier: attempt.tier ?? undefined,
    servedTier: attempt.servedTier ?? undefined,
    callerCostUsd:
      attempt.callerCostNanoUsd === null ? undefined : toUsd(attempt.callerCostNanoUsd),
    costBasis: attempt.costBasis ?? undefined,
    priceVersion: attempt.priceVersion ?? undefined,
    responseId: attempt.responseId ?? undefined,
    usage: (attempt.usage ?? undefined) as GenerationAttempt['usage'],
    outcome: attempt.outcome ?? (isUnderWay(attempt, row) ? undefined : 'lost'),
  }),
})

const isUnderWay = ({ fence }: AttemptRow, row: GenerationRow): boolean =>
  row.status === 'running' && row.fence === fence

const presentSteps = (
  { steps, startedAt, outcome }: AttemptRow,
  made: Pick<GenerationRow, 'status' | 'finishedAt'> | undefined,
): GenerationAttempt['steps'] => {
  const past = (steps ?? []).map(({ step, ms }) => ({ step, atMs: startedAt.getTime() + ms }))
  const isCommitted = made?.status === 'succeeded' && outcome === 'image' && past.length > 0
  // The statement that commits can't write down its own end: the generation's is that.
  if (isCommitted && made.finishedAt) {
    past.push({ step: 'committed', atMs: made.finishedAt.getTime() })
  }
  return past.map(({ step, atMs }, index) => ({
    step,
    at: new Date(atMs).toISOString(),
    durationMs: Math.max(0, atMs - (past[index - 1]?.atMs ?? atMs)),
  }))
}
