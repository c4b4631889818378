import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMetrics } from '../../src/adapters/metrics/metrics.ts'
import { type SimilarityCheck, similarityCheckSchema } from '../../src/contract/similarity.ts'
import { rejectReused } from '../../src/features/similarity/feedback.ts'
import { resolveMode } from '../../src/features/similarity/mode.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { scrape } from '../support/metrics.ts'
import { createRefusals } from '../support/refusals.ts'
import { countBlocked, newGenerationId } from '../support/rows.ts'
import { meetOwner } from '../support/similar-images.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({
    workers: 0,
    env: { EMBEDDING_SOURCE: 'gemini', SIMILARITY_PRECISION_FLOOR: '0.75' },
    overrides: { metrics: createMetrics() },
  })
})
afterAll(() => app.stop())

const forced = (ownerId: string) => resolveMode(app.db, { ownerId, requested: 'reuse' }, 'off')

describe('what somebody says of a similar image', () => {
  test('is answered with what was judged, and the newest word holds', async () => {
    const { find, judge, report } = await meetOwner(app)
    const id = await find('shadow')
    const first = await judge(id, true)
    expect(similarityCheckSchema.strict().parse(first.body)).toMatchObject({
      generationId: id,
      prompt: 'a boat that is red',
      mode: 'shadow',
      verdict: 'accepted',
      match: { prompt: 'a red boat' },
    })
    expect(first.body).not.toHaveProperty('ownerId')
    expect((await judge(id, false)).body).toMatchObject({ verdict: 'rejected' })
    const { precision } = await report()
    expect(precision.shadow).toMatchObject({ accepted: 0, rejected: 1, precision: 0 })
    expect(precision.reuse).toMatchObject({ accepted: 0, rejected: 0, precision: null })
  })

  test('may be said by an operator, and by no other owner', async () => {
    const owner = await meetOwner(app)
    const { ownerId, find, judge } = owner
    const { client: other } = await meetOwner(app)
    const id = await find('suggest')
    const operator = await createClient(app, 'ops', true)
    expect((await judge(id, true, operator)).body).toMatchObject({ ownerId, verdict: 'accepted' })
    const refuse = createRefusals(app, other)
    const feedback = { body: { accepted: false } }
    await refuse({ status: 404, code: 'not_found' }, 'POST', pathOf(id), feedback)
    await refuse({ status: 404, code: 'not_found' }, 'POST', pathOf(newGenerationId()), feedback)
    expect(await verdictsOf(owner)).toEqual(['accepted'])
  })

  test('is refused where nothing was found, and where it is no verdict', async () => {
    const { client, find } = await meetOwner(app)
    const refuse = createRefusals(app, client)
    const nothing = { status: 409, code: 'nothing_to_judge' }
    const feedback = { body: { accepted: true } }
    await refuse(nothing, 'POST', pathOf(await find('shadow', { isMatch: false })), feedback)
    const found = pathOf(await find('shadow'))
    for (const [body, pointer] of [
      [{}, '/accepted'],
      [{ accepted: 'yes' }, '/accepted'],
      [{ accepted: true, why: 'I like it' }, '/why'],
    ] as const) {
      const wrong = { status: 400, code: 'invalid_request', pointers: [pointer] }
      await refuse(wrong, 'POST', found, { body })
    }
  })
})

describe('reuse', () => {
  test('goes on at its floor, and under it turns itself back to suggest, whoever asks for it', async () => {
    const { ownerId, judgeNew, report, choose } = await meetOwner(app)
    await choose('reuse')
    await judgeNew('shadow', false, false)
    await judgeNew('reuse', true, true, true, false)
    expect(await report()).toMatchObject({ mode: 'reuse', fellBackAt: null })
    expect(await forced(ownerId)).toBe('reuse')
    const counter = 'imageonce_similarity_fall_backs_total'
    const before = (await scrape(app.url)).get(counter) ?? 0
    await judgeNew('reuse', false)
    expect(await report()).toMatchObject({
      mode: 'suggest',
      chosenMode: 'reuse',
      fellBackAt: expect.any(String),
      precision: { deciding: { accepted: 3, rejected: 2, precision: 0.6 } },
    })
    expect(await forced(ownerId)).toBe('suggest')
    await judgeNew('reuse', false)
    expect((await scrape(app.url)).get(counter)).toBe(before + 1)
    // A word that is taken back gives nothing back: somebody has to choose anew.
    await judgeNew('reuse', ...Array(20).fill(true))
    expect(await report()).toMatchObject({ mode: 'suggest', fellBackAt: expect.any(String) })
  })

  test('falls back by two verdicts at once of which neither would do it alone', async () => {
    const { ownerId, find, judge, judgeNew, report } = await meetOwner(app)
    await judgeNew('reuse', true, true, true)
    const ids = [await find('reuse'), await find('reuse')]
    const answers = await app.db.transaction().execute(async (tx) => {
      await tx
        .selectFrom('ownerSimilarity')
        .select('ownerId')
        .where('ownerId', '=', ownerId)
        .forUpdate()
        .execute()
      const judged = ids.map((id) => judge(id, false))
      await waitFor(async () => (await countBlocked(app.db)) === 2, {
        what: 'both to wait in turn',
      })
      return { judged }
    })
    await Promise.all(answers.judged)
    expect(await report()).toMatchObject({ fellBackAt: expect.any(String) })
  })

  test('is measured anew once its owner chooses it again', async () => {
    const { ownerId, judgeNew, report, choose } = await meetOwner(app)
    await choose('reuse')
    await judgeNew('reuse', false, false)
    // Two say too little.
    expect(await report()).toMatchObject({ mode: 'reuse', fellBackAt: null })
    await judgeNew('reuse', false)
    expect(await report()).toMatchObject({ mode: 'suggest' })
    expect((await choose('reuse')).body).toMatchObject({
      mode: 'reuse',
      fellBackAt: null,
      precision: { reuse: { rejected: 3 }, deciding: { rejected: 0, precision: null } },
    })
    await judgeNew('reuse', true, true)
    expect(await forced(ownerId)).toBe('reuse')
    await judgeNew('reuse', false)
    expect(await forced(ownerId)).toBe('suggest')
  })

  test('that its owner declines is rejected, unless it was judged or is not its own', async () => {
    const alice = await meetOwner(app)
    const bob = await meetOwner(app)
    const deps = { db: app.db, precisionFloor: 0.75, onVerdict: () => {} }
    const declined = await alice.find('reuse')
    await rejectReused(deps, bob.ownerId, declined)
    expect(await verdictsOf(alice)).toEqual(['pending'])
    await rejectReused(deps, alice.ownerId, declined)
    expect(await verdictsOf(alice)).toEqual(['rejected'])
    // One no may be a matter of taste; three are none.
    expect(await forced(alice.ownerId)).toBe('reuse')
    for (let count = 2; count <= 3; count++) {
      await rejectReused(deps, alice.ownerId, await alice.find('reuse'))
    }
    expect(await forced(alice.ownerId)).toBe('suggest')

    const judged = await bob.find('reuse')
    await bob.judge(judged, true)
    await rejectReused(deps, bob.ownerId, judged)
    await rejectReused(deps, bob.ownerId, await bob.find('shadow'))
    await rejectReused(deps, bob.ownerId, newGenerationId())
    expect(await verdictsOf(bob)).toEqual(['pending', 'accepted'])
    expect(await forced(bob.ownerId)).toBe('reuse')
  })
})

const pathOf = (id: string) => `/api/generations/${id}/feedback`

const verdictsOf = async ({ client }: Awaited<ReturnType<typeof meetOwner>>) => {
  const { body } = await client.call<{ checks: SimilarityCheck[] }>('GET', '/api/similarity/checks')
  return body.checks.map(({ verdict }) => verdict)
}
