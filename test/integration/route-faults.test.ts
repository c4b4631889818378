import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { createProviderBreaker } from '../../src/adapters/providers/breaker.ts'
import type { Provider } from '../../src/generation/ports.ts'
import { createProviders } from '../../src/generation/providers.ts'
import { outcomeRules } from '../../src/generation/run/outcomes.ts'
import { runGeneration } from '../../src/generation/run/run.ts'
import type { ProviderErrorCode } from '../../src/lib/errors.ts'
import { findFreePort } from '../support/free-port.ts'
import {
  type Situation,
  type Subject,
  startGeminiSubject,
  startOpenaiSubject,
} from '../support/provider-subjects.ts'
import { openTestDatabase } from '../support/rows.ts'
import { createRunDeps } from '../support/run-deps.ts'
import { insertStanding } from '../support/standings.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

/*
 * A route of two providers, of which each does to each call what a fixed draw says: no generation is lost, none is bought at both, and
 * every outcome is booked as its table has it. ROUTE_FAULTS=1000 is the long form.
 */

const GENERATIONS = Number(process.env.ROUTE_FAULTS ?? 80)

/** `unreachable`: nobody listens there. */
type Fault = Situation | 'unreachable'

/** What each of them is booked as, and how often it is drawn. */
const FAULTS: Partial<Record<Fault, { outcome: ProviderErrorCode | 'image'; weight: number }>> = {
  image: { outcome: 'image', weight: 8 },
  unreachable: { outcome: 'overloaded', weight: 4 },
  overloaded: { outcome: 'overloaded', weight: 4 },
  limited_for_27_s: { outcome: 'rate_limited', weight: 3 },
  model_gone: { outcome: 'model_gone', weight: 1 },
  key_refused: { outcome: 'unauthorized', weight: 1 },
  refused_prompt: { outcome: 'refused_prompt', weight: 2 },
  refused_image: { outcome: 'refused_image', weight: 2 },
  no_image: { outcome: 'no_image', weight: 1 },
  invalid_request: { outcome: 'invalid_request', weight: 1 },
  server_error: { outcome: 'ambiguous', weight: 2 },
  reset_mid_body: { outcome: 'ambiguous', weight: 2 },
  reset_before_response: { outcome: 'ambiguous', weight: 1 },
  garbage_body: { outcome: 'ambiguous', weight: 1 },
  hang: { outcome: 'timeout', weight: 1 },
}
const drawn = Object.entries(FAULTS).flatMap(([fault, { weight }]) =>
  Array.from({ length: weight }, () => fault as Fault),
)

/** The same in every run (Numerical Recipes' generator). */
const createDraw = () => {
  let state = 20_261_128
  return (): Fault => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return drawn[Math.floor((state / 2 ** 32) * drawn.length)] ?? 'image'
  }
}

type Met = { generation: string; provider: 'gemini' | 'openai'; fault: Fault }

let database: Awaited<ReturnType<typeof openTestDatabase>>
let subjects: Record<'gemini' | 'openai', Subject>
let folder: TemporaryFolder
let met: Met[]

beforeAll(async () => {
  database = await openTestDatabase()
  subjects = { gemini: await startGeminiSubject(), openai: await startOpenaiSubject() }
})
beforeEach(async () => {
  folder = await makeTemporaryFolder('route-faults')
  met = []
})
afterEach(() => folder.remove())
afterAll(async () => {
  await Promise.all(Object.values(subjects).map(({ close }) => close()))
  await database.close()
})

/** A provider to whose every call happens what is drawn. */
const createFaulty = async (
  name: 'gemini' | 'openai',
  draw: () => Fault,
  current: () => string,
): Promise<Provider> => {
  const { create, say } = subjects[name]
  const usual = create()
  const hasty = create({ timeoutMs: 60 })
  const nobody = create({ baseUrl: `http://127.0.0.1:${await findFreePort()}` })
  return {
    ...usual,
    call: async (request, signal) => {
      const fault = draw()
      met.push({ generation: current(), provider: name, fault })
      if (fault === 'unreachable') return nobody.call(request, signal)
      await say(fault)
      return (fault === 'hang' ? hasty : usual).call(request, signal)
    },
  }
}

const read = (id: string) =>
  database.db.selectFrom('generations').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

test(`${GENERATIONS} generations of a route end as they must, whatever becomes of two providers`, async () => {
  const { db } = database
  const draw = createDraw()
  let current = ''
  const faulty = [
    await createFaulty('gemini', draw, () => current),
    await createFaulty('openai', draw, () => current),
  ] as const
  const routes = [{ name: 'auto', models: [subjects.gemini.model, subjects.openai.model] }]
  const deps = {
    ...createRunDeps({ db, folder: folder.path }),
    providers: createProviders(faulty, { routes }),
    breaker: createProviderBreaker({
      ...{ failures: 6, windowMs: 60_000, resetMs: 40, onChange: () => {} },
    }),
  }
  const ids: string[] = []
  for (let n = 0; n < GENERATIONS; n++) {
    const { id } = await insertStanding(db, 'queued', {
      ...{ provider: 'route', model: 'auto', prompt: `picture ${n}` },
      ...{ claims: 0, attempts: 0, paidCalls: 0, ambiguousCalls: 0, lostClaims: 0, costNanoUsd: 0 },
    })
    ids.push(id)
    current = id
    for (let tries = 0; (await runGeneration(deps, id)).kind === 'again'; tries++) {
      if (tries > 200) throw new Error(`${id} does not end`)
      // What is waited for is over: a limit, and the time between two tries.
      await sql`update generations set run_after = null where id = ${id}`.execute(db)
      await sql`delete from model_limits`.execute(db)
    }
  }

  const attempts = await db.selectFrom('attempts').selectAll().orderBy('id').execute()
  const counts = { succeeded: 0, failed: 0, fellBack: 0 }
  for (const id of ids) {
    const row = await read(id)
    const own = attempts.filter(({ generationId }) => generationId === id)
    const calls = met.filter(({ generation }) => generation === id)
    // Each call is booked as what it was, and to whom it was made.
    expect(own.map(({ provider, outcome }) => [provider, outcome])).toEqual(
      calls.map(({ provider, fault }) => [provider, FAULTS[fault]?.outcome]),
    )
    for (const { outcome, mayHaveCharged } of own) {
      const rule = outcome === 'image' || outcomeRules[outcome as ProviderErrorCode].mayHaveCharged
      expect(mayHaveCharged).toBe(rule)
    }
    const buyers = new Set(own.flatMap((each) => (each.mayHaveCharged ? each.provider : [])))
    expect(buyers.size).toBeLessThanOrEqual(1)
    const last = own.at(-1)
    if (row.status === 'succeeded') {
      expect(row).toMatchObject({ calledProvider: last?.provider, calledModel: last?.model })
      expect(last?.outcome).toBe('image')
      expect(row.costNanoUsd).toBe(own.reduce((sum, each) => sum + each.costNanoUsd, 0))
      counts.succeeded += 1
      if (last?.provider === 'openai') counts.fellBack += 1
    } else {
      // What is the request's own, what was tried as often as may be paid, and what nobody has.
      expect(row.status).toBe('failed')
      const isFinal = ![...new Set(own.map(({ outcome }) => outcome))].includes('image')
      expect(isFinal).toBe(true)
      counts.failed += 1
    }
    for (const [at, { outcome, provider }] of own.entries()) {
      const next = own[at + 1]
      // Another provider comes after what says nothing of the request, and costs nothing.
      if (!next || next.provider === provider || outcome === 'image') continue
      expect(outcomeRules[outcome as ProviderErrorCode].fallsBack).toBe(true)
    }
  }
  expect(counts.succeeded + counts.failed).toBe(GENERATIONS)
  expect(counts.fellBack).toBeGreaterThan(0)
  expect(counts.succeeded).toBeGreaterThan(GENERATIONS / 3)
}, 1_800_000)
