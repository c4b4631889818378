import { Agent, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Problem, problemSchema } from '../../src/contract/problem.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeBadHooks } from '../support/bad-hooks.ts'
import { goodHook, newHookSecret, type RawHook } from '../support/hooks.ts'

const SECRET = newHookSecret()
/** Each kind several times. */
const CALLS = 250
const AT_ONCE = 4

let app: TestApp
let agent: Agent

beforeAll(async () => {
  app = await startTestApp({ workers: 0, env: { HOOK_SECRETS: `cms:${SECRET}` } })
  agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
})
afterAll(async () => {
  agent.destroy()
  await app.stop()
})

/** Not by `fetch`, which joins headers that are there twice and adds those that are not. */
const send = ({ headers, body }: RawHook) =>
  new Promise<{ status: number | undefined; type: string | undefined; body: unknown }>(
    (resolve, reject) => {
      const url = `${app.url}/api/hooks/save`
      const sent = request(url, { method: 'POST', agent, headers }, (response) => {
        const { statusCode: status, headers } = response
        json(response).then(
          (body) => resolve({ status, type: headers['content-type'], body }),
          reject,
        )
      })
      sent.once('error', reject)
      sent.end(body)
    },
  )

const countRows = async () =>
  Promise.all(
    (
      ['savedItems', 'hookDeliveries', 'generations', 'generationEvents', 'imageMetadata'] as const
    ).map(async (table) => {
      const rows = app.db.selectFrom(table).select((eb) => eb.fn.countAll().as('count'))
      return [table, Number((await rows.executeTakeFirstOrThrow()).count)]
    }),
  )

test('hundreds of forged, replayed, stale and malformed hooks: none is taken, each is told why', async () => {
  const taken = Array.from({ length: 25 }, (_, i) => goodHook(SECRET, `taken-${i}`))
  for (const hook of taken) expect(await send(hook)).toMatchObject({ status: 202 })
  const before = await countRows()
  expect(before).toContainEqual(['hookDeliveries', taken.length])

  const bad = makeBadHooks(CALLS, SECRET, taken)
  const distinct = new Set(bad.map(({ headers, body }) => JSON.stringify(headers) + body))
  expect(distinct.size).toBe(CALLS)
  const surprises: object[] = []
  await Promise.all(
    bad.map(async (hook) => {
      const { kind, status, code } = hook
      const answer = await send(hook)
      const problem = problemSchema.strict().safeParse(answer.body)
      const isAsExpected =
        answer.status === status &&
        answer.type?.startsWith('application/problem+json') &&
        problem.data?.code === code
      if (!isAsExpected) {
        const answered = { status: answer.status, code: (answer.body as Problem).code }
        surprises.push({ kind, expected: { status, code }, answered })
      }
    }),
  )
  expect(surprises).toEqual([])
  expect(await countRows()).toEqual(before)
})
