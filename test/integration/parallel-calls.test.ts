import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import OpenAI from 'openai'
import type { Key } from '../../src/contract/key.ts'
import { deletePastCalls } from '../../src/features/gateway/maintenance.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'

let app: TestApp
let admin: Client

beforeAll(async () => {
  app = await startTestApp({ apis: 2 })
  admin = await createClient(app, 'ops', true)
})
afterAll(() => app.stop())

/** The secret of a new key. */
const makeKey = async (input: object): Promise<string> => {
  const body = { name: 'a test’s', ownerId: 'alice', ...input }
  const { body: made } = await admin.call<Key>('POST', '/api/keys', { body })
  return made.key ?? ''
}
const parallel = { variants: 'parallel' }

type Headers = Record<string, string>

/** The pictures of as many equal calls as there are headers, at the same time, each to another API process than the one before. */
const askAll = async (apiKey: string, prompt: string, headers: Headers[], n = 1) => {
  const clients = app.urls.map((url) => new OpenAI({ baseURL: `${url}/openai/v1`, apiKey }))
  const answers = await Promise.all(
    headers.map((each, at) =>
      clients[at % clients.length]?.images.generate(
        { prompt, n },
        { headers: each, maxRetries: 0 },
      ),
    ),
  )
  return answers.flatMap((answer) => answer?.data?.map(({ b64_json }) => b64_json) ?? [])
}
const three: Headers[] = [{}, {}, {}]
const countPaid = (prompt: string) => app.gemini.countCalls(prompt)
const sorted = (pictures: unknown[]) => [...pictures].sort()

/** As if the calls that came so far had come a moment earlier. */
const letMomentPass = () =>
  sql`update parallel_calls set began_at = began_at - interval '3 seconds'`.execute(app.db)

describe('three equal calls at once', () => {
  test('are one wish: the same picture three times, paid once', async () => {
    for (const key of [await makeKey({}), await app.token()]) {
      const pictures = await askAll(key, 'one wish', three)
      expect(new Set(pictures).size).toBe(1)
    }
    expect(countPaid('one wish')).toBe(1)
    const { rows } = await sql`select from parallel_calls`.execute(app.db)
    expect(rows).toHaveLength(0)
  })

  test('are three pictures with a key that says so, and later the same three for nothing', async () => {
    const key = await makeKey(parallel)
    const pictures = await askAll(key, 'three wishes', three)
    expect(new Set(pictures).size).toBe(3)
    expect(countPaid('three wishes')).toBe(3)
    await letMomentPass()
    expect(sorted(await askAll(key, 'three wishes', three))).toEqual(sorted(pictures))
    await letMomentPass()
    const [alone] = await askAll(key, 'three wishes', [{}])
    await letMomentPass()
    const bySdk = new OpenAI({ baseURL: `${app.url}/openai/v1`, apiKey: key })
    const { data = [] } = await bySdk.images.generate({ prompt: 'three wishes', n: 3 })
    expect(data[0]?.b64_json).toBe(alone)
    expect(sorted(data.map(({ b64_json }) => b64_json))).toEqual(sorted(pictures))
    expect(countPaid('three wishes')).toBe(3)
  })

  test('of n each are n apart from each other', async () => {
    const key = await makeKey(parallel)
    const pictures = await askAll(key, 'two of two', [{}, {}], 2)
    expect(new Set(pictures).size).toBe(4)
    await letMomentPass()
    expect(sorted(await askAll(key, 'two of two', [{}, {}], 2))).toEqual(sorted(pictures))
    expect(countPaid('two of two')).toBe(4)
  })

  test('of different owners have nothing to do with each other', async () => {
    const key = await makeKey({ ...parallel, ownerId: undefined, onBehalf: true })
    const owners = ['u-1', 'u-2'].map((owner) => ({ 'Imageonce-Owner': owner }))
    await askAll(key, 'of each', owners)
    for (const owner of owners) {
      await letMomentPass()
      await askAll(key, 'of each', [owner])
    }
    expect(countPaid('of each')).toBe(2)
  })
})

test.each([
  ['/fal/fal-ai/nano-banana', { prompt: 'by fal' }, 'by fal'],
  [
    '/gemini/v1beta/models/gemini-nano-banana-2.1:generateContent',
    {
      contents: [{ role: 'user', parts: [{ text: 'by Gemini' }] }],
      generationConfig: { responseModalities: ['IMAGE'] },
    },
    'by Gemini',
  ],
])('two equal calls at once to %s are two, and later the same two', async (path, body, prompt) => {
  const key = await makeKey(parallel)
  const askBoth = async () => {
    const answers = await Promise.all(
      app.urls.map((url) =>
        fetch(`${url}${path}`, {
          method: 'POST',
          headers: { 'x-api-key': key, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
    )
    await Promise.all(answers.map((answer) => answer.arrayBuffer()))
    return sorted(answers.map(({ headers }) => headers.get('imageonce-generation')))
  }
  const ids = await askBoth()
  expect(new Set(ids).size).toBe(2)
  for (const id of ids) expect((await admin.waitForEnd(String(id))).status).toBe(200)
  await letMomentPass()
  expect(await askBoth()).toEqual(ids)
  expect(countPaid(prompt)).toBe(2)
})

describe('a call that is tried again', () => {
  const again = (tries: number) => ({ 'x-stainless-retry-count': String(tries) })

  test('is the same wish, also within the moment', async () => {
    const key = await makeKey(parallel)
    const [first] = await askAll(key, 'tried again', [{}])
    for (const tries of [1, 2])
      expect(await askAll(key, 'tried again', [again(tries)])).toEqual([first])
    expect(countPaid('tried again')).toBe(1)
  })

  test('with others that are, has the places that they had, and none beyond', async () => {
    const key = await makeKey(parallel)
    const pictures = await askAll(key, 'all again', three)
    const retried = await askAll(key, 'all again', [again(1), again(1), again(1), again(1)])
    expect(sorted([...new Set(retried)])).toEqual(sorted(pictures))
    expect(await askAll(key, 'never heard of', [again(2), again(2)])).toHaveLength(2)
    expect([countPaid('all again'), countPaid('never heard of')]).toEqual([3, 1])
  })

  test('under its Idempotency-Key has the picture that this had first', async () => {
    const key = await makeKey(parallel)
    const named = ['a', 'b', 'c'].map((name) => ({ 'Idempotency-Key': name }))
    const pictures = await askAll(key, 'by name', named)
    expect(new Set(pictures).size).toBe(3)
    for (const at of [2, 0, 1]) {
      const both = [named[at] ?? {}, named[at] ?? {}]
      expect(await askAll(key, 'by name', both)).toEqual([pictures[at], pictures[at]])
    }
    await letMomentPass()
    expect(await askAll(key, 'by name', named)).toEqual(pictures)
    const same = { 'Idempotency-Key': 'd' }
    expect(new Set(await askAll(key, 'at once', [same, same, same])).size).toBe(1)
    expect([countPaid('by name'), countPaid('at once')]).toEqual([3, 1])
  })
})

test('what is known of past calls goes by the hour', async () => {
  await askAll(await makeKey(parallel), 'to be forgotten', [{}, { 'Idempotency-Key': 'x' }])
  await sql`update parallel_calls set began_at = began_at - interval '2 hours'`.execute(app.db)
  await sql`update parallel_wishes set made_at = made_at - interval '26 hours'`.execute(app.db)
  await askAll(await makeKey(parallel), 'to be kept', [{}, { 'Idempotency-Key': 'y' }])
  await deletePastCalls(app.db)
  const { rows } = await sql<{ calls: number; wishes: number }>`
    select (select count(*)::int from parallel_calls) as calls,
      (select count(*)::int from parallel_wishes) as wishes`.execute(app.db)
  expect(rows).toEqual([{ calls: 1, wishes: 1 }])
})

test('a rule that there is not is refused by name', async () => {
  const body = { name: 'wrong', ownerId: 'alice', variants: 'many' }
  const refused = await admin.fail('POST', '/api/keys', { body })
  expect(refused.body.errors?.map(({ pointer }) => pointer)).toEqual(['/variants'])
})
