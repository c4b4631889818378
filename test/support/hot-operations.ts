import { createDatabase } from '../../db/database.ts'
import { listPoints, summarize } from '../../src/features/analytics/report.ts'
import { readWindow } from '../../src/features/analytics/window.ts'
import { findWorkers } from '../../src/features/operators/workers/find-workers.ts'
import { measureQueue } from '../../src/features/operators/workers/measure-queue.ts'
import { readSpending } from '../../src/features/spending/report.ts'
import { listGenerations } from '../../src/generation/read/list.ts'
import { listImages } from '../../src/generation/read/list-images.ts'
import {
  createStepTimes,
  endWithImage,
  recordIntent,
  recordOutcome,
} from '../../src/generation/run/attempts.ts'
import { commitImage } from '../../src/generation/run/commit.ts'
import { createInFlightCounts } from '../../src/generation/state/in-flight-counts.ts'
import { findGeneration } from '../../src/generation/state/repository.ts'
import { createSweep } from '../../src/generation/state/sweep.ts'
import { type Claim, claimGeneration, extendLease } from '../../src/generation/state/transitions.ts'
import {
  createBatchedStatements,
  findOrCreate,
} from '../../src/generation/submit/find-or-create.ts'
import { aNewGeneration } from './new-generation.ts'
import { newGenerationId } from './rows.ts'
import { GIVE_UP_MS } from './standings.ts'

const PROMPT = 'a lighthouse on a cliff at dusk, in the style of an old travel poster, with gulls'
const BUDGETS = { everyone: { dailyUsd: 1_000_000 }, eachOwner: { dailyUsd: 1_000_000 } }
const PRICE_NANO_USD = 33_600_000
const LIMIT = 20
const WINDOW_MS = 300_000

/**
 * What is done most, and what must not cost more the more there is, as the service does it, one at a time and each without waiting for
 * others of its moment. Release with `close`.
 */
export const openHotOperations = (url: string, ownerId: string) => {
  let statements = 0
  const onQuery = [() => void statements++]
  const db = createDatabase({ url, poolSize: 1, onIdleError: () => {}, onQuery })
  const limits = {
    ...{ refusalTtlMs: 60_000, maxInFlight: 100_000, giveUpMs: GIVE_UP_MS, budgets: BUDGETS },
    // Time stands still, so that what is counted is counted once.
    inFlightCounts: createInFlightCounts(() => 0),
  }
  const submission = { db, statements: createBatchedStatements(db, limits), limits }
  const describe = (id = newGenerationId()) => ({
    generation: aNewGeneration({
      ...{ id, fingerprint: id, ownerId, prompt: PROMPT, mayCostNanoUsd: PRICE_NANO_USD },
      ...{ provider: 'gemini', model: 'gemini-nano-banana-2.1' },
      objectKey: `generated/${id}/${crypto.randomUUID()}`,
    }),
  })

  const submit = async (): Promise<string> =>
    (await findOrCreate(submission, describe())).generation.id

  const reuse = async (id: string): Promise<void> => {
    const { kind } = await findOrCreate(submission, describe(id))
    if (kind !== 'exact') throw new Error(`${id} is no image that exists: ${kind}`)
  }

  const claim = async (id: string): Promise<Claim> => {
    const options = { workerId: 'worker-1:4242:abcdef', leaseMs: 60_000, accounts: { gemini: '' } }
    const claimed = await claimGeneration(db, id, { ...options, giveUpMs: GIVE_UP_MS })
    if (!claimed) throw new Error(`${id} could not be claimed`)
    return claimed
  }

  const pay = async (claimed: Claim): Promise<void> => {
    const intent = await recordIntent(db, claimed, PRICE_NANO_USD, BUDGETS)
    if (typeof intent === 'string' || 'stop' in intent) throw new Error(JSON.stringify(intent))
    const cost = { costNanoUsd: PRICE_NANO_USD, isEstimate: false }
    await recordOutcome(db, claimed.id, intent.attemptId, endWithImage(cost))
  }

  const complete = async (claimed: Claim): Promise<void> => {
    const digest = claimed.id.slice(2).padEnd(64, '0')
    const image = { bytes: new Uint8Array(1), mimeType: 'image/png' as const, width: 1024 }
    const shown = { height: 1024, thumbhash: 'YTkGJwaRhWUIt4lbgnhZl3ath2BUBGYA', digest }
    if (!(await commitImage(db, claimed, { ...image, ...shown }, createStepTimes()))) {
      throw new Error(`${claimed.id} was not committed`)
    }
  }

  const renew = (claimed: Claim) => extendLease(db, claimed, 60_000)

  const make = async (): Promise<string> => {
    const claimed = await claim(await submit())
    await pay(claimed)
    await complete(claimed)
    return claimed.id
  }

  /** Of a queue that has the jobs of all that wait. */
  const sweep = createSweep(db, {
    enqueueAll: async () => {},
    findJobless: async () => [],
    listDelayed: async () => [],
    hasten: async () => {},
    mendClocks: async () => {},
  })

  const day = new Date().toISOString().slice(0, 10)
  const reads = {
    poll: (id: string) => findGeneration(db, id),
    'list of an owner': () => listGenerations(db, { ownerId, limit: LIMIT }),
    'images of an owner': () => listImages(db, { ownerId, limit: LIMIT }),
    'list of everybody': () => listGenerations(db, { ownerId: undefined, limit: LIMIT }),
    'list of what failed': () =>
      listGenerations(db, { ownerId: undefined, status: ['failed'], limit: LIMIT }),
    'queue and workers': () => Promise.all([measureQueue(db), findWorkers(db)]),
    'figures of today': () => summarize(db, { from: day, to: day }, undefined),
    'figures by day': () => listPoints(db, { from: day, to: day }, undefined),
    'figures for alerts': () => readWindow(db, WINDOW_MS),
    spending: () =>
      readSpending(db, { ...BUDGETS, warnShare: 0.8 }, { ownerId: undefined, keyId: null }),
  }
  return {
    ...{ db, submit, reuse, claim, pay, complete, renew, make, sweep, reads },
    countStatements: () => statements,
    close: () => db.destroy(),
  }
}
