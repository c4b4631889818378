import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { examineDatabase } from '../../db/examine.ts'
import { parseConfig } from '../../src/app/config.ts'
import { formatFinding } from '../../src/lib/finding.ts'
import { assertMigrated, indexVectors, migrate } from '../../src/migrate.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { createDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts'
import { query } from '../support/embedded.ts'
import { PGBOUNCER, type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts'
import { startProgram } from '../support/program.ts'
import { describeWhen } from '../support/skip.ts'

let database: TestDatabase
let bouncer: PgBouncer

describeWhen(Boolean(PGBOUNCER), 'no pgbouncer on the PATH', 'behind PgBouncer as it comes', () => {
  beforeAll(async () => {
    database = await createTestDatabase()
    bouncer = await startPgBouncer(database.url)
  })
  afterAll(async () => {
    await bouncer.stop()
    await database.drop()
  })

  describe.each(['session', 'transaction'] as const)('in %s mode', (mode) => {
    let app: TestApp

    beforeEach(async () => {
      const direct = { DATABASE_DIRECT_URL: database.url }
      app = await startTestApp({
        env: { DATABASE_URL: bouncer.urlOf(mode), ...(mode === 'transaction' && direct) },
      })
    })
    afterEach(() => app.stop())

    test('what many ask for at once is made once each, and found again', async () => {
      const owners = await Promise.all([1, 2, 3, 4, 5].map((n) => createClient(app, `owner-${n}`)))
      const prompts = Array.from({ length: 30 }, (_, n) => `${mode} picture ${n % 6}`)
      const ask = async (prompt: string, n: number) =>
        (await owners[n % owners.length]?.generateAndWait({ prompt }))?.body.status
      const asked = await Promise.all(prompts.map(ask))
      expect(asked.filter((status) => status !== 'succeeded')).toEqual([])
      expect(app.gemini.countCalls()).toBe(30)
      const again = await owners[0]?.generate({ prompt: prompts[0] ?? '' })
      expect(again?.body.reuse?.source).toBe('exact')
      expect(app.gemini.countCalls()).toBe(30)
    })

    test('the next client of a connection finds nothing that another one set', async () => {
      const alice = await createClient(app)
      await alice.generateAndWait({ prompt: `${mode} set` })
      const seen = await Promise.all(
        Array.from({ length: 8 }, () =>
          query(
            { databaseUrl: bouncer.urlOf(mode) },
            `select current_setting('statement_timeout') as timeout, current_setting('search_path') as path,
              (select count(*)::int from pg_prepared_statements) as statements`,
          ),
        ),
      )
      const untouched = [{ timeout: '0', path: '"$user", public', statements: 0 }]
      expect(seen).toEqual(seen.map(() => untouched))
    })
  })

  test('a new database is brought to the newest schema in session mode', async () => {
    const empty = await createDatabase(database.url)
    const config = parseConfig({ DATABASE_URL: bouncer.urlOf('session', empty.name) })
    expect((await migrate(config)).length).toBeGreaterThan(5)
    expect(await indexVectors(config)).toMatch(/\.$/)
    await assertMigrated(config)
    // PgBouncer keeps its connections a while, and is told nothing of the end.
    await empty.drop()
  })

  test.each<[string, () => [string, string], unknown[]]>([
    [
      'session mode alone is good',
      () => [bouncer.urlOf('session'), bouncer.urlOf('session')],
      [expect.stringMatching(/^DATABASE_URL: Postgres .* behind a pooler that keeps sessions/)],
    ],
    [
      'transaction mode with Postgres beside it is good',
      () => [bouncer.urlOf('transaction'), database.url],
      [expect.stringMatching(/^DATABASE_DIRECT_URL: Postgres /)],
    ],
    [
      'transaction mode with session mode beside it is good',
      () => [bouncer.urlOf('transaction'), bouncer.urlOf('session')],
      [expect.stringMatching(/^DATABASE_DIRECT_URL: Postgres .* behind a pooler/)],
    ],
    [
      'transaction mode alone is refused',
      () => [bouncer.urlOf('transaction'), bouncer.urlOf('transaction')],
      [
        'DATABASE_URL: It is a pooler that keeps no sessions, and LISTEN, migrations and locks need them. Set DATABASE_DIRECT_URL to Postgres itself, or to the pooler in session mode.',
      ],
    ],
    [
      'transaction mode in the place of Postgres is refused',
      () => [bouncer.urlOf('session'), bouncer.urlOf('transaction')],
      [expect.stringContaining('DATABASE_DIRECT_URL: It is a pooler that keeps no sessions')],
    ],
    [
      'statement mode is refused',
      () => [bouncer.urlOf('statement'), database.url],
      [expect.stringContaining('DATABASE_URL: It is a pooler in statement mode')],
    ],
    [
      'another database in the place of Postgres is refused',
      () => [bouncer.urlOf('transaction'), process.env.TEST_DATABASE_URL ?? ''],
      [
        'DATABASE_DIRECT_URL: Notifications do not arrive. It must lead to the same database as DATABASE_URL.',
      ],
    ],
  ])('%s', async (_, addresses, expected) => {
    const [url, directUrl] = addresses()
    const findings = await examineDatabase({ url, directUrl })
    expect(findings.map(formatFinding)).toEqual(expected)
  })

  test.each(['api', 'worker', 'start', 'migrate'])(
    '%s says so in one line and ends',
    async (name) => {
      const env = { DATABASE_URL: bouncer.urlOf('transaction'), PORT: '0', DATA_DIR: '/tmp' }
      const { code, out, err } = await (await startProgram([name], env)).ended()
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toMatch(/^DATABASE_URL: It is a pooler .*Set DATABASE_DIRECT_URL to .*\n$/)
    },
  )
})
