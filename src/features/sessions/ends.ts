import { sql } from 'kysely'
import { isDatabaseAway } from '../../../db/away.ts'
import type { Database } from '../../../db/database.ts'
import { nudgeWithCommit } from '../../../db/nudges.ts'
import type { BegunSession } from '../../adapters/http/sessions.ts'
import { sessionName } from '../../generation/state/channel.ts'
import { createMemory } from '../../lib/remember.ts'

type Deps = {
  db: Database
  /** Calls back when something named so has happened. Returns the way to stop. */
  subscribe: (name: string, listener: () => void) => () => void
}

/** An end whose word is lost is heard of after as long. */
const FRESH_MS = 10_000
/** While Postgres is away, so that nobody can end a session. */
const STALE_MS = 300_000
const MAX_REMEMBERED = 20_000

/** Sessions that are over before their time: one that was signed out, or all of an owner that had begun before. */
export const createSessionEnds = ({ db, subscribe }: Deps) => {
  const memory = createMemory<{ endedAt: Date | null }>({
    read: async (subject) => ({ endedAt: await findEnd(db, subject) }),
    watch: (subject, onChange) => subscribe(sessionName(subject), onChange),
    freshMs: FRESH_MS,
    staleMs: STALE_MS,
    isAway: isDatabaseAway,
    maxSize: MAX_REMEMBERED,
  })

  const isOver = async ({ id, ownerId, begunAt }: BegunSession): Promise<boolean> => {
    const [own, owners] = await Promise.all([
      memory.find(subjectOf.session(id)),
      memory.find(subjectOf.owner(ownerId)),
    ])
    return Boolean(own?.endedAt) || (owners?.endedAt ? owners.endedAt >= begunAt : false)
  }

  const now = async (): Promise<Date> => {
    const { rows } = await sql<{ now: Date }>`select now()`.execute(db)
    return rows[0]?.now ?? new Date()
  }

  return {
    isOver,
    now,
    end: (sessionId: string) => endSessions(db, subjectOf.session(sessionId)),
    /** Ends all that an owner has begun until now. */
    endAllOf: (ownerId: string) => endSessions(db, subjectOf.owner(ownerId)),
    stop: async () => memory.forgetAll(),
  }
}

const subjectOf = {
  session: (id: string) => `session:${id}`,
  owner: (id: string) => `owner:${id}`,
}

const findEnd = async (db: Database, subject: string): Promise<Date | null> => {
  const row = await db
    .selectFrom('endedSessions')
    .select('endedAt')
    .where('subject', '=', subject)
    .executeTakeFirst()
  return row?.endedAt ?? null
}

const endSessions = (db: Database, subject: string): Promise<void> =>
  db.transaction().execute(async (tx) => {
    await tx
      .insertInto('endedSessions')
      .values({ subject })
      .onConflict((conflict) => conflict.column('subject').doUpdateSet({ endedAt: sql`now()` }))
      .execute()
    await nudgeWithCommit(tx, sessionName(subject))
  })
