import { randomBytes } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import {
  chainOf,
  type Explanation,
  explainNetwork,
  type Finding,
  findCode,
} from '../src/lib/finding.ts'
import { stateOf } from './away.ts'
import { keepsSessions } from './examine-session.ts'
import type { Schema } from './schema.ts'

export type DatabaseToExamine = {
  url: string
  /** Where what needs a session goes; the same as `url` where there is no other. */
  directUrl: string
}

const PATIENCE_MS = 3_000
const MIN_SERVER_VERSION = 140_000
/** Signatures and tokens bear some minutes; a clock that is set by nobody drifts past this within a day. */
const MAX_SKEW_MS = 2_000

/**
 * Looks whether Postgres is there and does what is asked of it: writes, sessions, notifications between the two addresses. Changes
 * nothing. Never rejects.
 */
export const examineDatabase = async ({
  url,
  directUrl,
}: DatabaseToExamine): Promise<Finding[]> => {
  const directSetting = directUrl === url ? 'DATABASE_URL' : 'DATABASE_DIRECT_URL'
  const direct = await open(directUrl, directSetting)
  if ('found' in direct) return [toFinding(direct)]
  const second = await open(url, 'DATABASE_URL')
  if ('found' in second) {
    await close(direct)
    return [toFinding(second)]
  }
  try {
    const findings = await examine(direct, second, { directUrl, setting: directSetting })
    return findings.map(toFinding)
  } catch (error) {
    return [toFinding(explainDatabase(error, directSetting))]
  } finally {
    await Promise.all([close(direct), close(second)])
  }
}

const toFinding = (explanation: Explanation): Finding => ({ part: 'database', ...explanation })

const open = async (connectionString: string, setting: string) => {
  const client = createClient(connectionString)
  try {
    await client.connect()
    return client
  } catch (error) {
    await close(client)
    return explainDatabase(error, setting)
  }
}

const createClient = (connectionString: string): pg.Client => {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    application_name: 'imageonce examination',
  })
  // Its statements tell as much; an error without a listener ends the process.
  client.on('error', () => {})
  return client
}

const close = (client: pg.Client) => client.end().catch(() => {})

const examine = async (
  direct: pg.Client,
  second: pg.Client,
  { directUrl, setting }: { directUrl: string; setting: string },
): Promise<Explanation[]> => {
  const server = await describeServer(direct)
  if (server.version < MIN_SERVER_VERSION) return [tooOld(setting, server.name)]
  const session = await examineSessions(direct, second, { directUrl, setting })
  if (session) return [session]
  const findings: Explanation[] = []
  if (!server.isWritable) findings.push({ setting, ...READ_ONLY })
  else if (!(await isHeard(direct, second))) findings.push(deaf(setting))
  if (Math.abs(server.skewMs) > MAX_SKEW_MS) findings.push(skewed(setting, server.skewMs))
  if (server.lacksVectorRight) findings.push({ setting, ...NO_VECTOR_RIGHT })
  if (findings.length > 0) return findings
  const found = `Postgres ${server.name}${server.isPooled ? ' behind a pooler that keeps sessions' : ''}; it takes writes, notifications arrive, clocks agree.`
  return [{ kind: 'good', setting, found }]
}

/** What is wrong with how the addresses keep sessions. */
const examineSessions = async (
  direct: pg.Client,
  second: pg.Client,
  { directUrl, setting }: { directUrl: string; setting: string },
): Promise<Explanation | undefined> => {
  if (setting === 'DATABASE_URL') {
    return (await keepsSessions(direct, second)) ? undefined : keepsNone(setting)
  }
  const twin = await open(directUrl, setting)
  if ('found' in twin) return twin
  try {
    if (!(await keepsSessions(direct, twin))) return keepsNone(setting)
  } finally {
    await close(twin)
  }
  const refused = await second.query('begin').catch((error: unknown) => error)
  await second.query('rollback').catch(() => {})
  return refused instanceof Error ? explainDatabase(refused, 'DATABASE_URL') : undefined
}

const describeServer = async (client: pg.Client) => {
  const askedAt = Date.now()
  const { rows } = await client.query<{
    version: string
    name: string
    is_writable: boolean
    now_ms: string
    pid: number
    lacks_vector_right: boolean
  }>(`
    select current_setting('server_version_num') as version, current_setting('server_version') as name,
      ${IS_WRITABLE} as is_writable,
      extract(epoch from clock_timestamp()) * 1000 as now_ms, pg_backend_pid() as pid,
      exists (select from pg_available_extension_versions where name = 'vector')
        and not exists (select from pg_extension where extname = 'vector')
        and not (select rolsuper from pg_roles where rolname = current_user)
        and not (has_database_privilege(current_database(), 'create')
          and exists (select from pg_available_extension_versions where name = 'vector' and trusted))
        as lacks_vector_right`)
  const answeredAt = Date.now()
  const [row] = rows
  const nowMs = Number(row?.now_ms)
  const { processID } = client as unknown as { processID: number | null }
  return {
    version: Number(row?.version),
    name: row?.name.split(' ')[0] ?? '',
    isWritable: row?.is_writable ?? false,
    // Postgres read its clock between the two.
    skewMs: nowMs < askedAt ? askedAt - nowMs : nowMs > answeredAt ? answeredAt - nowMs : 0,
    // Poolers make up the id that they give their clients.
    isPooled: processID !== row?.pid,
    lacksVectorRight: row?.lacks_vector_right ?? false,
  }
}

/** Throws what `explainDatabase` has a word for, unless Postgres answers and takes writes. */
export const assertWritable = async (db: Kysely<Schema>): Promise<void> => {
  const { rows } = await sql<{
    isWritable: boolean
  }>`select ${sql.raw(IS_WRITABLE)} as "isWritable"`.execute(db)
  if (!rows[0]?.isWritable) throw Object.assign(new Error('no writes'), { code: READ_ONLY_STATE })
}

const READ_ONLY_STATE = '25006'

const IS_WRITABLE = `not pg_is_in_recovery() and not current_setting('transaction_read_only')::bool`

/** True when what is said over one address is heard at the other. */
const isHeard = async (listener: pg.Client, speaker: pg.Client): Promise<boolean> => {
  const channel = `imageonce_${randomBytes(8).toString('hex')}`
  await listener.query(`listen ${channel}`)
  const heard = new Promise<boolean>((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS, false)
    listener.once('notification', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })
  await speaker.query('select pg_notify($1, $2)', [channel, 'heard'])
  return heard
}

/** What an error of Postgres or its driver means to an operator. */
export const explainDatabase = (error: unknown, setting = 'DATABASE_URL'): Explanation => {
  const state = chainOf(error).map(stateOf).find(Boolean)
  const said = state === undefined ? undefined : STATES[state]
  if (said) return { setting, ...said }
  const text = chainOf(error)
    .map(({ message }: { message?: string }) => message)
    .join(' ')
  if (/statement pooling/.test(text)) return { setting, ...STATEMENT_MODE }
  if (/startup parameter/.test(text)) return { setting, ...STARTUP_PARAMETER }
  if (/does not support SSL/.test(text)) return { setting, ...NO_TLS }
  const network = state === undefined ? explainNetwork(error) : undefined
  if (network) return { setting, ...network }
  return {
    setting,
    kind: 'away',
    found: `Postgres does not work (${state ?? findCode(error) ?? 'unknown error'}).`,
  }
}

const READ_ONLY = {
  kind: 'away',
  found: 'It takes no writes: it is a standby, or set to be read only.',
  remedy: 'Let it become the primary, or give the address of that.',
} as const

const WRONG_USER = {
  kind: 'wrong',
  found: 'Postgres refuses the user or the password.',
  remedy: 'Correct them.',
} as const

const STATES: Record<string, Omit<Explanation, 'setting'>> = {
  '28P01': WRONG_USER,
  '28000': {
    ...WRONG_USER,
    remedy:
      'Correct them, allow the host in pg_hba.conf, or add ?sslmode=require where it asks for TLS.',
  },
  '3D000': {
    kind: 'wrong',
    found: 'There is no database of that name.',
    remedy: 'Create it, or correct the name.',
  },
  '42501': {
    kind: 'wrong',
    found: 'The role lacks a right.',
    remedy: 'Make it the owner of the database: alter database … owner to ….',
  },
  '25006': READ_ONLY,
  '53300': {
    kind: 'away',
    found: 'Postgres has no connection left.',
    remedy: 'Lower DATABASE_POOL_SIZE, or raise its max_connections.',
  },
  '57P03': { kind: 'away', found: 'Postgres is starting or stopping.' },
}

const STATEMENT_MODE = {
  kind: 'wrong',
  found: 'It is a pooler in statement mode, which allows no transactions.',
  remedy: 'Set its pool_mode to session, or to transaction with DATABASE_DIRECT_URL beside it.',
} as const

const STARTUP_PARAMETER = {
  kind: 'wrong',
  found: 'A pooler refuses a parameter in the address.',
  remedy: 'Take what is behind the ? out of it.',
} as const

const NO_TLS = {
  kind: 'wrong',
  found: 'Postgres does not speak TLS there.',
  remedy: 'Take sslmode out of the address, or switch TLS on in Postgres.',
} as const

const NO_VECTOR_RIGHT = {
  kind: 'costly',
  found: 'The role may not install pgvector, so similar prompts are found by comparing all.',
  remedy: 'As an owner of the database: create extension vector.',
} as const

const tooOld = (setting: string, name: string): Explanation => ({
  kind: 'wrong',
  setting,
  found: `Postgres 14 or later is needed, this is ${name}.`,
  remedy: 'Upgrade it.',
})

/** What sessions are needed for, and how to have them. */
const keepsNone = (setting: string): Explanation => ({
  kind: 'wrong',
  setting,
  found: 'It is a pooler that keeps no sessions, and LISTEN, migrations and locks need them.',
  remedy:
    setting === 'DATABASE_URL'
      ? 'Set DATABASE_DIRECT_URL to Postgres itself, or to the pooler in session mode.'
      : 'Give Postgres itself, or the pooler in session mode.',
})

const deaf = (setting: string): Explanation => ({
  kind: 'wrong',
  setting,
  found: 'Notifications do not arrive.',
  remedy:
    setting === 'DATABASE_URL'
      ? 'Set DATABASE_DIRECT_URL to Postgres itself.'
      : 'It must lead to the same database as DATABASE_URL.',
})

const skewed = (setting: string, skewMs: number): Explanation => ({
  kind: 'costly',
  setting,
  found: `This machine's clock is ${Math.round(Math.abs(skewMs) / 1_000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} that of Postgres; tokens and signatures may be refused.`,
  remedy: 'Set both by the network (NTP).',
})
