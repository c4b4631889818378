import type { Database } from '../../db/database.ts'
import type { GenerationRow, NewGeneration } from '../../db/schema.ts'
import { newGenerationId } from './rows.ts'

/** How a generation may stand when somebody wants to change it. `later`: queued, and not due yet. */
export const STANDINGS = [
  'queued',
  'later',
  'live lease',
  'dead lease',
  'succeeded',
  'failed',
  'canceled',
] as const

export type Standing = (typeof STANDINGS)[number]

/** How long tests' generations may take. */
export const GIVE_UP_MS = { interactive: 1_800_000, eager: 86_400_000 }

const HOUR_MS = 60 * 60_000
const ago = (ms: number) => new Date(Date.now() - ms)
const ahead = (ms: number) => new Date(Date.now() + ms)

type Columns = Partial<NewGeneration> & Pick<NewGeneration, 'status'>

/** As of now. */
const columnsOf = (standing: Standing): Columns => {
  const ended = { startedAt: ago(HOUR_MS), finishedAt: ago(1_000) }
  const running = { status: 'running', workerId: 'w1', startedAt: ago(HOUR_MS) } as const
  const columns: Record<Standing, Columns> = {
    queued: { status: 'queued' },
    later: { status: 'queued', runAfter: ahead(HOUR_MS) },
    'live lease': { ...running, leaseExpiresAt: ahead(HOUR_MS) },
    'dead lease': { ...running, leaseExpiresAt: ago(1) },
    succeeded: { status: 'succeeded', ...ended },
    failed: { status: 'failed', errorCode: 'no_image', ...ended },
    canceled: { status: 'canceled', errorCode: 'canceled', ...ended },
  }
  return columns[standing]
}

/** What a generation has cost before, none of which a transition may change. */
const spent = {
  fence: 4,
  claims: 4,
  lostClaims: 1,
  attempts: 3,
  paidCalls: 2,
  ambiguousCalls: 1,
  costNanoUsd: 70_000_000,
  eventSequence: 9,
}

/** A row of alice's in that standing, of which something has been spent already; one that succeeded has its image. */
export const insertStanding = async (
  db: Database,
  standing: Standing,
  given: Partial<NewGeneration> = {},
): Promise<GenerationRow> => {
  const id = newGenerationId()
  const objectKey = `generated/${id}/1`
  const isMade = standing === 'succeeded'
  if (isMade) await insertMade(db, id, objectKey)
  return db
    .insertInto('generations')
    .values({
      id,
      ownerId: 'alice',
      fingerprint: id,
      revision: null,
      lane: 'eager',
      prompt: 'a test',
      transformation: 'generate',
      provider: 'local',
      model: 'local',
      imageSize: '1K',
      objectKey,
      imageId: isMade ? id : null,
      ...spent,
      ...columnsOf(standing),
      ...given,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

const insertMade = (db: Database, id: string, objectKey: string) =>
  db
    .insertInto('imageMetadata')
    .values({
      id,
      userId: 'alice',
      imageUrl: `/images/${id}`,
      imageType: 'generated',
      objectKey,
      contentDigest: 'd'.repeat(64),
    })
    .execute()
