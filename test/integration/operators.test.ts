import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { serverStatusSchema } from '../../src/contract/server-status.ts'
import { settingsSchema } from '../../src/contract/setting.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { expectProblem } from '../support/problems.ts'
import { insertGeneration } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

const KEY = 'a-key-of-letters-and-0123456789~+/=='
const OTHER_KEY = 'an-exchanged-key-of-32-characters'

let app: TestApp

beforeAll(async () => {
  const OPERATOR_KEYS = `olga:${KEY}, olga:${OTHER_KEY}`
  app = await startTestApp({ env: { OPERATOR_KEYS, BREAKER_FAILURES: '1' } })
})
afterAll(() => app.stop())

const withKey = (key: string) => createClient({ url: app.url, token: async () => key })

describe("an operator's key", () => {
  test('opens what operators may see, as an owner of its own', async () => {
    await app.db.insertInto('users').values({ id: 'alice' }).execute()
    const { id } = await insertGeneration(app.db, { status: 'failed' })
    for (const key of [KEY, OTHER_KEY]) {
      const olga = await withKey(key)
      expect((await olga.get(id)).body).toMatchObject({ id, ownerId: 'alice' })
      const { body } = await olga.generate({ prompt: `of ${key}` })
      expect(body.ownerId).toBe('operator:olga')
    }
  })

  test.each([KEY.slice(0, -1), `${KEY}=`, `olga:${KEY}`, KEY.toUpperCase(), 'x'.repeat(40)])(
    'that is none of them opens nothing: %s',
    async (key) => {
      const answer = await (await withKey(key)).fail('GET', '/api/generations')
      expectProblem(answer, { status: 401, code: 'unauthenticated' })
    },
  )
})

describe('the status', () => {
  const read = async () => {
    const { status, body } = await (await withKey(KEY)).call('GET', '/api/status')
    expect(status).toBe(200)
    return serverStatusSchema.strict().parse(body)
  }

  test('tells what the server is made of and which workers are alive', async () => {
    const status = await waitFor(
      async () => {
        const found = await read()
        return found.workers.length > 0 && found
      },
      { what: 'the first heartbeat' },
    )
    expect(status).toMatchObject({
      provider: 'gemini',
      database: 'postgres',
      queue: 'postgres',
      store: 'filesystem',
      workers: [{ pid: process.pid, concurrency: 8, breaker: 'closed', isAlive: true }],
    })
    expect(status.lanes.map(({ lane }) => lane)).toEqual(['interactive', 'eager'])
  })

  test('tells that the provider is not called for the moment', async () => {
    const alice = await createClient(app)
    app.gemini.behave({ kind: 'overloaded' })
    await alice.generate({ prompt: 'in a storm' })
    const isOpen = async () => (await read()).workers[0]?.breaker === 'open'
    await waitFor(isOpen, { what: 'the breaker' })
    app.gemini.behave({ kind: 'image' })
  })
})

describe('the settings', () => {
  test('are told with what is in force and what would be, and no secret', async () => {
    const { status, body } = await (await withKey(KEY)).call('GET', '/api/settings')
    expect(status).toBe(200)
    const { settings } = settingsSchema.strict().parse(body)
    const find = (wanted: string) => settings.find(({ name }) => name === wanted)
    expect(find('BREAKER_FAILURES')).toMatchObject({ isSet: true, value: '1', default: '10' })
    expect(find('LEASE_MS')).toMatchObject({ isSet: false, value: '30000', default: '30000' })
    expect(find('OPERATOR_KEYS')).toMatchObject({ isSecret: true, isSet: true, value: 'set' })
    expect(find('REDIS_URL')?.value).toBeUndefined()
    const text = JSON.stringify(body)
    const { username, password } = new URL(app.config.database.url ?? '')
    for (const secret of [KEY, OTHER_KEY, 'test-key', `${username}:${password}@`]) {
      expect(text).not.toContain(secret)
    }
  })
})

test.each(['/api/status', '/api/settings'])('%s is for operators only', async (path) => {
  const alice = await createClient(app)
  expectProblem(await alice.fail('GET', path), { status: 403, code: 'forbidden' })
  expect((await fetch(`${app.url}${path}`)).status).toBe(401)
})
