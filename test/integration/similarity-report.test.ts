import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  type SimilarityChecks,
  type SimilarityReport,
  similarityChecksSchema,
  similarityReportSchema,
} from '../../src/contract/similarity.ts'
import type { SimilarityMode } from '../../src/contract/vocabulary.ts'
import { resolveMode } from '../../src/features/similarity/mode.ts'
import { describeSimilarity } from '../../src/features/similarity/report.ts'
import { toUsd } from '../../src/lib/money.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createRefusals } from '../support/refusals.ts'
import { insertSuccess } from '../support/rows.ts'
import { MATCH_COST_NANO_USD, meetOwner } from '../support/similar-images.ts'

let app: TestApp
let operator: Client
beforeAll(async () => {
  app = await startTestApp({
    workers: 0,
    env: { EMBEDDING_SOURCE: 'gemini', SIMILARITY_MODE: 'shadow' },
  })
  operator = await createClient(app, 'ops', true)
})
afterAll(() => app.stop())

const list = async (client: Client, query = '') => {
  const { body } = await client.call<SimilarityChecks>('GET', `/api/similarity/checks${query}`)
  return similarityChecksSchema.parse(body)
}
const idsOf = ({ checks }: SimilarityChecks) => checks.map(({ generationId }) => generationId)

describe('the mode', () => {
  test.each<[SimilarityMode | null, SimilarityMode | null, SimilarityMode, SimilarityMode]>([
    ['off', 'reuse', 'shadow', 'off'],
    ['reuse', 'off', 'shadow', 'reuse'],
    [null, 'off', 'reuse', 'off'],
    [null, 'reuse', 'off', 'reuse'],
    [null, null, 'shadow', 'shadow'],
  ])('asked for as %s, chosen as %s and set to %s is %s', async (requested, chosen, set, mode) => {
    const { ownerId, choose } = await meetOwner(app)
    await choose(chosen)
    expect(await resolveMode(app.db, { ownerId, requested }, set)).toBe(mode)
  })

  test('is the server’s until its owner chooses, and again when that is taken back', async () => {
    const stranger = await createClient(app, 'never seen before')
    const put = (mode: unknown) => stranger.call('PUT', '/api/similarity', { body: { mode } })
    const { body } = await stranger.call<SimilarityReport>('GET', '/api/similarity')
    expect(similarityReportSchema.strict().parse(body)).toMatchObject({
      owner: 'never seen before',
      mode: 'shadow',
      chosenMode: null,
      embeddings: { source: 'gemini', model: expect.stringContaining('gemini-embedding') },
    })
    expect((await put('reuse')).body).toMatchObject({ mode: 'reuse', chosenMode: 'reuse' })
    expect((await put(null)).body).toMatchObject({ mode: 'shadow', chosenMode: null })
    const refuse = createRefusals(app, stranger)
    for (const body of [{ mode: 'always' }, {}]) {
      const wrong = { status: 400, code: 'invalid_request', pointers: ['/mode'] }
      await refuse(wrong, 'PUT', '/api/similarity', { body })
    }
  })

  test('is off where nothing makes vectors, and the report says why', async () => {
    const { ownerId } = await meetOwner(app)
    const settings = {
      defaultMode: 'reuse',
      minSimilarity: 0.8,
      precisionFloor: 0.9,
      judge: null,
    } as const
    const note = 'Nothing is there.'
    const report = { ...settings, embeddings: undefined, note }
    expect(await describeSimilarity(app.db, ownerId, report)).toMatchObject({
      embeddings: null,
      note,
      mode: 'off',
      defaultMode: 'reuse',
    })
  })

  test('of somebody else is an operator’s to read and to choose, of one owner at a time', async () => {
    const { ownerId, client, report } = await meetOwner(app)
    const path = `/api/similarity?owner=${ownerId}`
    const choice = { body: { mode: 'suggest' } }
    await operator.call('PUT', path, choice)
    expect(await report()).toMatchObject({ owner: ownerId, chosenMode: 'suggest' })
    expect((await operator.call('GET', '/api/similarity?owner=*')).body).toMatchObject({
      owner: null,
      mode: 'shadow',
      precision: { deciding: null },
    })
    const refuse = createRefusals(app, client)
    const forbidden = { status: 403, code: 'forbidden' }
    for (const owner of ['*', 'ops']) {
      await refuse(forbidden, 'GET', `/api/similarity?owner=${owner}`)
      await refuse(forbidden, 'PUT', `/api/similarity?owner=${owner}`, choice)
      await refuse(forbidden, 'GET', `/api/similarity/checks?owner=${owner}`)
    }
    const all = { status: 400, code: 'invalid_request', pointers: ['?owner'] }
    await refuse(all, 'PUT', '/api/similarity?owner=*', choice, operator)
    const unknown = { status: 404, code: 'not_found' }
    await refuse(unknown, 'PUT', '/api/similarity?owner=nobody', choice, operator)
  })
})

describe('the report', () => {
  test('counts the comparisons of 30 days and what they cost and saved', async () => {
    const { find, judge, report } = await meetOwner(app)
    const { find: findOther } = await meetOwner(app)
    for (const durationMs of [10, 20, 30]) await find('suggest', { isMatch: false, durationMs })
    await judge(await find('shadow', { durationMs: 40 }), true)
    const reused = [
      await find('reuse', { durationMs: 50 }),
      await find('reuse', { durationMs: 600 }),
    ]
    await Promise.all(reused.map((id) => judge(id, true)))
    await findOther('reuse')
    const old = await find('reuse')
    await judge(old, true)
    await app.db
      .updateTable('similarityChecks')
      .set({ createdAt: new Date(Date.now() - 31 * 86_400_000) })
      .where('generationId', '=', old)
      .execute()
    const { checks, precision } = await report()
    expect(checks).toEqual({
      total: 6,
      matched: 3,
      reused: 2,
      durationMs: { p50: 30, p95: 600 },
      embeddingCostUsd: 0.000012,
      judged: 0,
      judgeCostUsd: 0,
      savedUsd: toUsd(2 * MATCH_COST_NANO_USD),
    })
    expect(precision).toMatchObject({ shadow: { accepted: 1 }, reuse: { accepted: 2 } })
  })
})

describe('the list of what was found', () => {
  test('comes in pages, newest first, and is narrowed by verdict and mode', async () => {
    const { client, find, judge } = await meetOwner(app)
    const [shadow, reuse, suggest] = [
      await find('shadow'),
      await find('reuse'),
      await find('suggest'),
    ]
    await find('suggest', { isMatch: false })
    await judge(shadow, true)
    await judge(reuse, false)
    const first = await list(client, '?limit=2')
    expect(idsOf(first)).toHaveLength(2)
    const rest = await list(client, `?limit=2&cursor=${first.nextCursor}`)
    const all = [...idsOf(first), ...idsOf(rest)]
    expect({ all: all.sort(), end: rest.nextCursor }).toEqual({
      all: [shadow, reuse, suggest].sort(),
      end: null,
    })
    expect(idsOf(await list(client, '?verdict=pending'))).toEqual([suggest])
    expect(idsOf(await list(client, '?verdict=accepted'))).toEqual([shadow])
    expect(idsOf(await list(client, '?verdict=rejected&mode=reuse'))).toEqual([reuse])
    expect(idsOf(await list(client, '?verdict=rejected&mode=shadow'))).toEqual([])
  })

  test('shows no picture, prompt or check of another owner, whatever its rows say', async () => {
    const { ownerId, client, find } = await meetOwner(app)
    const { ownerId: otherId, find: findOther } = await meetOwner(app)
    const foreign = await insertSuccess(app.db, { ownerId: otherId, prompt: 'a secret boat' })
    const id = await find('reuse', { imageId: foreign.id })
    const others = await findOther('reuse')
    const { checks } = await list(client)
    expect(checks.map(({ generationId, match }) => ({ generationId, match }))).toEqual([
      { generationId: id, match: undefined },
    ])
    expect(JSON.stringify(checks)).not.toContain('secret')
    const everybodys = await list(operator, '?owner=*&mode=reuse')
    const ownersById = new Map(
      everybodys.checks.map((check) => [check.generationId, check.ownerId]),
    )
    expect([ownersById.get(id), ownersById.get(others)]).toEqual([ownerId, otherId])
    expect(idsOf(await list(operator, `?owner=${otherId}`))).toEqual([others])
    expect(idsOf(await list(operator))).toEqual([])
  })
})
