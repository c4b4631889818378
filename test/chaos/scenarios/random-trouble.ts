import { sql } from 'kysely'
import { pickFrom, shuffle } from '../random.ts'
import { HARNESS_APPLICATION, type Stack } from '../stack.ts'

export type Trouble = ReturnType<typeof createTrouble>

/** Kinds of trouble, each over with when its function resolves; what is killed is started again. */
export const createTrouble = (stack: Stack, random: () => number) => {
  const counts = {
    'workers killed': 0,
    'APIs killed': 0,
    'connections ended': 0,
    'Redis emptied': 0,
    'Redis restarted': 0,
  }
  const inFlightAtKills = new Set<string>()

  const killWorker = async () => {
    const worker = pickFrom(random, stack.workers)
    if (!worker) return
    await worker.kill()
    counts['workers killed']++
    for (const attempt of await findOpenAttempts(stack, worker.pid)) inFlightAtKills.add(attempt)
    await stack.startWorker()
  }
  const killApi = async () => {
    const api = pickFrom(random, stack.apis)
    if (!api) return
    await api.kill()
    counts['APIs killed']++
    await stack.startApi()
  }
  const endConnections = async () => {
    counts['connections ended'] += await endServiceConnections(stack)
  }
  const emptyRedis = async () => {
    await stack.redis?.flush()
    counts['Redis emptied']++
  }
  const restartRedis = async () => {
    await stack.redis?.stop()
    await stack.redis?.startAgain()
    counts['Redis restarted']++
  }

  const all = [killWorker, killWorker, killApi, endConnections]
  if (stack.redis) all.push(emptyRedis, restartRedis)
  let round: typeof all = []
  /** Each kind comes once a round, in an order of its own. */
  const makeOne = async (): Promise<void> => {
    if (round.length === 0) round = shuffle(random, all)
    await round.pop()?.()
  }
  return {
    makeOne,
    counts: counts as Readonly<Record<string, number>>,
    /** The attempts that killed workers left between intent and outcome. */
    inFlightAtKills: inFlightAtKills as ReadonlySet<string>,
  }
}

/** A worker's id holds its process id between colons. */
const findOpenAttempts = async ({ db }: Stack, pid: number): Promise<string[]> => {
  const attempts = await db
    .selectFrom('attempts')
    .select('id')
    .where('workerId', 'like', `%:${pid}:%`)
    .where('outcome', 'is', null)
    .execute()
  return attempts.map(({ id }) => id)
}

/** About half of them. */
const endServiceConnections = async ({ db }: Stack): Promise<number> => {
  const { rows } = await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name <> ${HARNESS_APPLICATION} and random() < 0.5`.execute(
    db,
  )
  return rows.length
}
