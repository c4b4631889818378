import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import {
  type AnalyticsOwners,
  analyticsOwnersSchema,
  type OwnerFigures,
  type OwnerSort,
  ownerSortSchema,
} from '../../src/contract/analytics.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { insertEvents } from '../support/history.ts'

/** Owners with equal figures, without any rate, and with names that are trouble in a file. */
const NAMES = [
  '=1+1',
  '+49',
  '-1',
  '@me',
  '\tTab',
  'a,b',
  'say "hi"',
  'two\r\nlines',
  'Ünïcode',
  '*',
]
const OWNERS = [...NAMES, ...Array.from({ length: 20 }, (_, i) => `owner ${i}`)]
const RANGE = 'from=2026-03-01&to=2026-03-02'

let app: TestApp
let operator: Client

beforeAll(async () => {
  app = await startTestApp({ workers: 0 })
  operator = await createClient(app, 'operator', true)
  const users = OWNERS.map((id) => ({ id }))
  await app.db.insertInto('users').values(users).execute()
  await insertEvents(
    app.db,
    OWNERS.flatMap((ownerId, i) => {
      const at = '2026-03-01T12:00:00Z'
      const started = { type: 'generation_started', ownerId, at }
      const skipped = {
        type: 'generation_skipped',
        ownerId,
        at,
        data: { source: 'exact', savedUsd: (i % 4) / 10 },
      }
      const ended = { type: i % 2 ? 'generation_completed' : 'generation_failed', ownerId, at }
      return [...Array(i % 3).fill(started), ...Array(i % 5).fill(skipped), ended]
    }),
  )
})
afterAll(() => app.stop())

const get = async (query: string) => {
  const { body } = await operator.call<AnalyticsOwners>('GET', `/api/analytics/owners?${query}`)
  return analyticsOwnersSchema.parse(body)
}

const getAll = async (query: string): Promise<OwnerFigures[]> => {
  const owners: OwnerFigures[] = []
  let cursor = ''
  do {
    const page = await get(`${query}${cursor}`)
    owners.push(...page.owners)
    cursor = page.nextCursor ? `&cursor=${page.nextCursor}` : ''
  } while (cursor)
  return owners
}

const keys: Record<OwnerSort, (figures: OwnerFigures) => number> = {
  spend: ({ spendUsd }) => spendUsd,
  saved: ({ savedUsd }) => savedUsd,
  reuseRate: ({ reuseRate }) => reuseRate ?? -1,
  successRate: ({ successRate }) => successRate ?? -1,
  total: ({ total }) => total,
  owner: () => 0,
}

describe.each(ownerSortSchema.options)('the list of owners by %s', (sort) => {
  test.each(['asc', 'desc'])(
    '%s has each owner once, in order, whatever the pages',
    async (order) => {
      const owners = await getAll(`${RANGE}&sort=${sort}&order=${order}&limit=7`)
      expect(owners.map(({ owner }) => owner).sort()).toEqual(OWNERS.toSorted())
      const values = owners.map(keys[sort])
      const turn = order === 'asc' ? 1 : -1
      expect(values).toEqual(values.toSorted((a, b) => turn * (a - b)))
      expect(await getAll(`${RANGE}&sort=${sort}&order=${order}&limit=100`)).toEqual(owners)
    },
  )
})

test('a page links to the next one', async () => {
  const { headers } = await operator.call('GET', `/api/analytics/owners?${RANGE}&limit=1`)
  const next = /<(.+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? ''
  const { body } = await operator.call<AnalyticsOwners>('GET', next)
  expect(body.owners).toHaveLength(1)
})

describe('the file of all owners', () => {
  const RAN_AS_FORMULA = /^[=+\-@\t\r]/

  test.each<[string, string, Record<string, string>]>([
    ['its own path', `owners.csv?${RANGE}`, {}],
    ['?format', `owners?${RANGE}&format=csv`, {}],
    ['Accept', `owners?${RANGE}`, { accept: 'text/csv' }],
  ])('comes by %s, whole, and runs no formula', async (_name, path, headers) => {
    const answer = await operator.call<string>('GET', `/api/analytics/${path}`, { headers })
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(answer.headers.get('content-disposition')).toBe(
      'attachment; filename=imageonce-owners-2026-03-01-2026-03-02.csv',
    )
    const [header, ...rows] = parseCsv(answer.body)
    const column = (name: string) => rows.map((row) => row[header?.indexOf(name) ?? -1])
    expect(rows.every((row) => row.length === header?.length)).toBe(true)
    const names = column('owner').map((name) => name?.replace(/^'/, ''))
    expect(names.sort()).toEqual(OWNERS.toSorted())
    expect(rows.flat().filter((field) => RAN_AS_FORMULA.test(field))).toEqual([])
    const { rows: sums } = await sql<{ savedUsd: string }>`
      select sum((data->>'savedUsd')::numeric) as saved_usd from generation_events`.execute(app.db)
    const saved = column('saved_usd').reduce((sum, field) => sum + Number(field), 0)
    expect(saved).toBeCloseTo(Number(sums[0]?.savedUsd), 9)
  })

  test('has more owners than are read at once', async () => {
    await sql`insert into daily_figures
      select '2025-01-01', 'many ' || n, n % 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 from generate_series(1, 5100) n`.execute(
      app.db,
    )
    const query = 'from=2025-01-01&to=2025-01-01&sort=total'
    const answer = await operator.call<string>('GET', `/api/analytics/owners.csv?${query}`)
    const owners = parseCsv(answer.body)
      .slice(1)
      .map(([owner]) => owner)
    expect(owners).toHaveLength(5_100)
    expect(new Set(owners).size).toBe(5_100)
  })
})

/** RFC 4180, section 2. */
const parseCsv = (text: string): string[][] => {
  const rows: string[][] = [[]]
  for (const [, quoted, plain = '', end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g,
  )) {
    if (end === '' && plain === '' && quoted === undefined) break
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain)
    if (end === '\r\n') rows.push([])
  }
  return rows.slice(0, -1)
}
