import { expect } from '@jest/globals'
import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import type { GenerationRow, NewGeneration } from '../../db/schema.ts'
import type { GenerationStatus } from '../../src/contract/vocabulary.ts'
import { createStepTimes } from '../../src/generation/run/attempts.ts'
import { commitImage, commitPlaceholder } from '../../src/generation/run/commit.ts'
import { insertOrRequeue } from '../../src/generation/state/insert-or-requeue.ts'
import {
  cancelAllQueuedOrRunning,
  cancelQueuedOrRunning,
  cancelUnwantedGeneration,
  declineSimilar,
  failLostImage,
  failOverdueGenerations,
  giveDeadlines,
  hastenStopped,
  promoteGeneration,
  restoreGeneration,
  withdrawImage,
} from '../../src/generation/state/interventions.ts'
import {
  awaitBudget,
  claimGeneration,
  completeByReuse,
  completeGeneration,
  extendLease,
  failGeneration,
  pointToObject,
  releaseGeneration,
  retryGeneration,
  suggestImages,
} from '../../src/generation/state/transitions.ts'
import { AppError } from '../../src/lib/errors.ts'
import { insertImage } from './rows.ts'
import { GIVE_UP_MS } from './standings.ts'

/** An image of alice's that a transition may point to. */
export const OTHER_IMAGE = `g_${'0'.repeat(40)}`

type Transition = {
  /** Gives something truthy where it changed the row that `claim` is of. */
  run: (db: Database, claim: GenerationRow) => Promise<unknown>
  /** What it changes, besides the status and the number of events. */
  changes: Record<string, unknown>
  /** What it writes down, life cycle and telemetry. */
  events: string[]
  /** What the row must be besides. */
  given?: Partial<NewGeneration>
}

const LEASE_MS = 60_000
const LIMIT_ROWS = 1_000
const ALL = { giveUpMs: GIVE_UP_MS, limit: LIMIT_ROWS }
const has = (id: string, rows: readonly GenerationRow[]) => rows.some((row) => row.id === id)
const worker = { workerId: 'w2', accounts: {}, giveUpMs: GIVE_UP_MS }
const error = new AppError('overloaded', 'too much to do', { retryable: true })
const failed = { errorCode: error.code, errorMessage: error.message, errorRetryable: true }
const image = {
  bytes: new Uint8Array([1]),
  mimeType: 'image/png' as const,
  width: 1,
  height: 1,
  thumbhash: 'AA==',
  digest: 'e'.repeat(64),
}

const aDate = expect.any(Date)
const released = { leaseExpiresAt: null, workerId: null }
const found = expect.stringMatching(/^generated\/found\/g_/)
const finished = { ...released, finishedAt: aDate, runAfter: null, deadlineAt: null }
const succeeded = ['generation.succeeded', 'generation_completed']
const lost = ['generation.failed', 'generation_failed']

export const transitions = {
  claim: {
    run: (db, { id }) => claimGeneration(db, id, { ...worker, leaseMs: LEASE_MS }),
    changes: {
      ...{ workerId: 'w2', fence: 5, claims: 5 },
      ...{ leaseExpiresAt: aDate, startedAt: aDate, deadlineAt: aDate },
    },
    events: ['generation.running'],
  },
  complete: {
    run: (db, claim) => completeGeneration(db, claim, OTHER_IMAGE),
    changes: { imageId: OTHER_IMAGE, ...finished },
    events: succeeded,
  },
  'commit an image': {
    run: (db, claim) => commitImage(db, claim, image, createStepTimes()),
    changes: { imageId: expect.stringMatching(/^g_/), ...finished },
    events: succeeded,
  },
  'reuse the same': {
    run: (db, claim) => completeByReuse(db, claim, { imageId: OTHER_IMAGE, source: 'exact' }),
    changes: { imageId: OTHER_IMAGE, reuseSource: 'exact', ...finished },
    events: succeeded,
  },
  'reuse a similar': {
    run: (db, claim) =>
      completeByReuse(db, claim, { imageId: OTHER_IMAGE, source: 'similar', similarity: 0.9 }),
    changes: { imageId: OTHER_IMAGE, reuseSource: 'similar', similarity: 0.9, ...finished },
    events: succeeded,
  },
  'reuse a declined': {
    run: (db, claim) =>
      completeByReuse(db, claim, { imageId: OTHER_IMAGE, source: 'similar', similarity: 0.9 }),
    changes: {},
    events: [],
    given: { similarityMode: 'off' },
  },
  suggest: {
    run: (db, claim) => suggestImages(db, claim, []),
    changes: { suggestions: [] },
    events: ['generation.running'],
  },
  'decline similar': {
    run: (db, { id }) => declineSimilar(db, id),
    changes: { similarityMode: 'off' },
    events: [],
  },
  fail: {
    run: (db, claim) => failGeneration(db, claim, error),
    changes: { ...failed, ...finished },
    events: lost,
  },
  'commit a placeholder': {
    run: (db, claim) => commitPlaceholder(db, claim, error),
    changes: { ...failed, ...finished },
    events: lost,
  },
  retry: {
    run: (db, claim) => retryGeneration(db, claim, error, LEASE_MS),
    changes: { ...failed, ...released, runAfter: aDate, enqueuedAt: aDate },
    events: ['generation.retrying'],
  },
  'retry untried': {
    run: (db, claim) => retryGeneration(db, claim, error, LEASE_MS, { isUntried: true }),
    changes: { ...failed, ...released, claims: 3, runAfter: aDate, enqueuedAt: aDate },
    events: ['generation.retrying'],
  },
  'await a budget': {
    run: (db, claim) => awaitBudget(db, claim, error, LEASE_MS, GIVE_UP_MS.eager),
    changes: {
      ...{ ...failed, ...released, claims: 3 },
      ...{ startedAt: null, runAfter: aDate, enqueuedAt: aDate, deadlineAt: aDate },
    },
    events: ['generation.retrying'],
    given: { lane: 'eager' },
  },
  'await a budget for a person': {
    run: (db, claim) => awaitBudget(db, claim, error, LEASE_MS, GIVE_UP_MS.eager),
    changes: {},
    events: [],
    given: { lane: 'interactive' },
  },
  'hasten what waits for a budget': {
    run: async (db, { id }) => {
      await hastenStopped(db, LIMIT_ROWS)
      return (
        await sql`select from generations where id = ${id} and error_code = 'budget_exceeded' and run_after is null`.execute(
          db,
        )
      ).rows[0]
    },
    changes: { runAfter: null, enqueuedAt: null },
    events: [],
    given: { errorCode: 'budget_exceeded', runAfter: new Date('9999-01-01') },
  },
  release: {
    run: (db, claim) => releaseGeneration(db, claim),
    changes: { ...released, claims: 3 },
    events: ['generation.queued'],
  },
  'end the overdue': {
    run: async (db, { id }) => has(id, await failOverdueGenerations(db, error, LIMIT_ROWS)),
    changes: { fence: 5, ...failed, ...finished },
    events: lost,
    given: { deadlineAt: new Date(0) },
  },
  'end what has time left': {
    run: async (db, { id }) => has(id, await failOverdueGenerations(db, error, LIMIT_ROWS)),
    changes: {},
    events: [],
    given: { deadlineAt: new Date('9999-01-01') },
  },
  'end what has no deadline': {
    run: async (db, { id }) => has(id, await failOverdueGenerations(db, error, LIMIT_ROWS)),
    changes: {},
    events: [],
  },
  'give a deadline': {
    run: async (db, { id }) => has(id, await giveDeadlines(db, ALL)),
    changes: { deadlineAt: aDate },
    events: [],
  },
  'give another deadline': {
    run: async (db, { id }) => has(id, await giveDeadlines(db, ALL)),
    changes: {},
    events: [],
    given: { deadlineAt: new Date(0) },
  },
  'extend the lease': {
    run: (db, claim) => extendLease(db, claim, LEASE_MS),
    changes: { leaseExpiresAt: aDate },
    events: [],
  },
  cancel: {
    run: (db, { id }) => cancelQueuedOrRunning(db, id, error),
    changes: { fence: 5, ...failed, ...finished },
    events: ['generation.canceled'],
  },
  'cancel among many': {
    run: async (db, { id }) =>
      (await cancelAllQueuedOrRunning(db, [OTHER_IMAGE, id], error)).length > 0,
    changes: { fence: 5, ...failed, ...finished },
    events: ['generation.canceled'],
  },
  'cancel the unwanted': {
    run: (db, { id }) => cancelUnwantedGeneration(db, id, error),
    changes: { ...failed, ...finished },
    events: ['generation.canceled'],
  },
  'cancel what a person wants': {
    run: (db, { id }) => cancelUnwantedGeneration(db, id, error),
    changes: {},
    events: [],
    given: { lane: 'interactive' },
  },
  'withdraw the image': {
    run: (db, { id }) => withdrawImage(db, id, error),
    changes: { imageId: null, ...failed },
    events: ['generation.canceled'],
  },
  'lose the image': {
    run: (db, { id }) => failLostImage(db, id, error),
    changes: { imageId: null, ...failed },
    events: ['generation.failed'],
  },
  'point to an object': {
    run: (db, claim) => pointToObject(db, claim, `generated/found/${claim.id}`),
    changes: { objectKey: found },
    events: [],
  },
  'restore the image': {
    run: async (db, { id, status }) => {
      const objectKey = `generated/found/${id}`
      // Its row has been made anew; one that has its image has that row.
      if (status === 'failed') await insertImage(db, { id, objectKey })
      return restoreGeneration(db, id, objectKey)
    },
    changes: {
      imageId: expect.stringMatching(/^g_/),
      objectKey: found,
      errorCode: null,
      ...finished,
    },
    events: ['generation.succeeded'],
  },
  promote: {
    run: (db, { id }) => promoteGeneration(db, id, GIVE_UP_MS.interactive),
    changes: {
      ...{ lane: 'interactive', runAfter: null },
      ...{ deadlineAt: aDate, promotedAt: aDate, enqueuedAt: aDate },
    },
    events: [],
  },
  'ask again': {
    run: async (db, row) =>
      (
        await insertOrRequeue(db, [{ ...row, joinsOthers: false, mayCostNanoUsd: 0 }], {
          refusalTtlMs: 0,
          maxInFlight: 1_000,
          giveUpMs: GIVE_UP_MS,
        })
      )[0],
    changes: {
      place: expect.any(Number),
      queuedAt: aDate,
      enqueuedAt: aDate,
      startedAt: null,
      finishedAt: null,
      deadlineAt: aDate,
      errorCode: null,
      // The cap of what one asking may cost starts anew; what was paid stays in the books, and no fence is given twice.
      attempts: 0,
      paidCalls: 0,
      ambiguousCalls: 0,
      claims: 0,
      lostClaims: 0,
    },
    events: ['generation.queued', 'generation_started'],
  },
} satisfies Record<string, Transition>

export const transitionOf = (name: keyof typeof transitions): Transition => transitions[name]

/** The status that a transition leaves; `-`: nothing may have changed. */
type Cell = GenerationStatus | '-'

/** `any`: it asks for no fence. `stale`: a later claim has raised it. */
export type Fence = 'right' | 'stale' | 'any'

type Line = [keyof typeof transitions, Fence, Cell, Cell, Cell, Cell, Cell, Cell, Cell]

// biome-ignore format: a table
export const TABLE: Line[] = [
  // transition                  fence    queued      later       live lease   dead lease   succeeded   failed    canceled
  ['claim',                      'any',   'running',  '-',        '-',         'running',   '-',        '-',      '-'],
  ['complete',                   'right', '-',        '-',        'succeeded', 'succeeded', '-',        '-',      '-'],
  ['complete',                   'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['commit an image',            'right', '-',        '-',        'succeeded', 'succeeded', '-',        '-',      '-'],
  ['commit an image',            'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['reuse the same',             'right', '-',        '-',        'succeeded', 'succeeded', '-',        '-',      '-'],
  ['reuse the same',             'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['reuse a similar',            'right', '-',        '-',        'succeeded', 'succeeded', '-',        '-',      '-'],
  ['reuse a similar',            'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['reuse a declined',           'right', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['suggest',                    'right', '-',        '-',        'running',   'running',   '-',        '-',      '-'],
  ['suggest',                    'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['decline similar',            'any',   'queued',   'queued',   'running',   'running',   '-',        '-',      '-'],
  ['fail',                       'right', '-',        '-',        'failed',    'failed',    '-',        '-',      '-'],
  ['fail',                       'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['commit a placeholder',       'right', '-',        '-',        'failed',    'failed',    '-',        '-',      '-'],
  ['commit a placeholder',       'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['retry',                      'right', '-',        '-',        'queued',    'queued',    '-',        '-',      '-'],
  ['retry',                      'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['retry untried',              'right', '-',        '-',        'queued',    'queued',    '-',        '-',      '-'],
  ['retry untried',              'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['await a budget',             'right', '-',        '-',        'queued',    'queued',    '-',        '-',      '-'],
  ['await a budget',             'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['await a budget for a person','right', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['hasten what waits for a budget','any','queued',   'queued',   '-',         '-',         '-',        '-',      '-'],
  ['end the overdue',            'any',   'failed',   'failed',   '-',         'failed',    '-',        '-',      '-'],
  ['end what has time left',     'any',   '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['end what has no deadline',   'any',   '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['give a deadline',            'any',   'queued',   'queued',   'running',   'running',   '-',        '-',      '-'],
  ['give another deadline',      'any',   '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['release',                    'right', '-',        '-',        'queued',    'queued',    '-',        '-',      '-'],
  ['release',                    'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['extend the lease',           'right', '-',        '-',        'running',   'running',   '-',        '-',      '-'],
  ['extend the lease',           'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['cancel',                     'any',   'canceled', 'canceled', 'canceled',  'canceled',  '-',        '-',      '-'],
  ['cancel among many',          'any',   'canceled', 'canceled', 'canceled',  'canceled',  '-',        '-',      '-'],
  ['cancel the unwanted',        'any',   'canceled', 'canceled', '-',         '-',         '-',        '-',      '-'],
  ['cancel what a person wants', 'any',   '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['withdraw the image',         'any',   '-',        '-',        '-',         '-',         'canceled', '-',      '-'],
  ['lose the image',             'any',   '-',        '-',        '-',         '-',         'failed',   '-',      '-'],
  ['point to an object',         'right', '-',        '-',        'running',   'running',   '-',        '-',      '-'],
  ['point to an object',         'stale', '-',        '-',        '-',         '-',         '-',        '-',      '-'],
  ['restore the image',          'any',   '-',        '-',        '-',         '-',         '-',        'succeeded', '-'],
  ['promote',                    'any',   'queued',   'queued',   'running',   'running',   '-',        '-',      '-'],
  ['ask again',                  'any',   '-',        '-',        '-',         '-',         '-',        'queued', 'queued'],
]
