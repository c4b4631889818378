import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createProviderError } from '../../src/adapters/providers/provider-error.ts'
import { parseConfig } from '../../src/app/config.ts'
import { openProviders } from '../../src/app/open-providers.ts'
import { createProviders } from '../../src/generation/providers.ts'
import { Interrupted } from '../../src/generation/run/lease.ts'
import { runGeneration } from '../../src/generation/run/run.ts'
import { AppError, type ProviderErrorCode } from '../../src/lib/errors.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { aModel } from '../support/models.ts'
import { type OpenaiServer, startOpenaiServer } from '../support/openai-server.ts'
import { makePng } from '../support/pictures.ts'
import { openTestDatabase } from '../support/rows.ts'
import { createRunDeps } from '../support/run-deps.ts'
import { insertStanding } from '../support/standings.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

// biome-ignore lint/suspicious/noExplicitAny: what it is, the test says.
type Answer = any

const BANANA = 'gemini-nano-banana-2.1'
const FLARE = 'gpt-image-2.5-flare'

describe('a server with two providers and a route', () => {
  let openai: OpenaiServer
  let app: TestApp
  beforeAll(async () => {
    openai = await startOpenaiServer()
    app = await startTestApp({
      env: {
        OPENAI_API_KEY: 'test-key',
        OPENAI_BASE_URL: openai.url,
        OPENAI_MODELS: `${FLARE},gpt-image-2`,
        ROUTES: `auto=${BANANA},${FLARE}`,
      },
    })
  })
  afterEach(() => {
    app.gemini.reset()
    openai.reset()
  })
  afterAll(async () => {
    await app.stop()
    await openai.close()
  })

  const ask = async (request: object, path = '/api/visualize/generate') => {
    const response = await fetch(`${app.url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await app.token('alice')}`,
        'content-type': 'application/json',
        prefer: 'wait=20',
      },
      body: JSON.stringify(request),
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Answer,
    }
  }

  test('lists the models of both, and the route, each with whose it is', async () => {
    const response = await fetch(`${app.url}/api/info`, {
      headers: { authorization: `Bearer ${await app.token('alice')}` },
    })
    const { provider, defaultModel, models } = (await response.json()) as Answer
    expect([provider, defaultModel, models[0].name]).toEqual(['gemini', BANANA, BANANA])
    const found = Object.fromEntries(
      models.map((model: { name: string; provider: string }) => [model.name, model.provider]),
    )
    expect(found).toMatchObject({ [BANANA]: 'gemini', [FLARE]: 'openai', auto: 'route' })
    const auto = models.find(({ name }: { name: string }) => name === 'auto')
    expect(auto).toMatchObject({
      ...{ models: [BANANA, FLARE], takesSeed: false, takesTurns: false, thinkingLevels: [] },
      priceUsd: models[0].priceUsd,
    })
    expect(auto.aspectRatios).not.toContain('1:8')
  })

  test('makes the picture with the provider whose model is named', async () => {
    const made = await ask({ prompt: 'a fox by name', model: FLARE })
    expect(made.body).toMatchObject({ status: 'succeeded', provider: 'openai', model: FLARE })
    expect(made.body.costUsd).toBe(0.05274)
    expect([openai.countCalls(), app.gemini.countCalls()]).toEqual([1, 0])
    const again = await ask({ prompt: 'a fox by name', model: FLARE })
    expect(again.body).toMatchObject({ isExisting: true, id: made.body.id })
    const other = await ask({ prompt: 'a fox by name' })
    expect(other.body).toMatchObject({ isExisting: false, provider: 'gemini' })
  })

  test('serves a route by its first model, and by the next where that is limited, for good', async () => {
    const first = await ask({ prompt: 'a route', model: 'auto' })
    expect(first.body).toMatchObject({
      ...{ status: 'succeeded', provider: 'route', model: 'auto' },
      servedBy: { provider: 'gemini', model: BANANA },
    })
    app.gemini.behave({ kind: 'rate_limited', retryDelay: '600s' })
    const second = await ask({ prompt: 'another route', model: 'auto' })
    expect(second.body).toMatchObject({
      ...{ status: 'succeeded', model: 'auto', costUsd: 0.05274 },
      servedBy: { provider: 'openai', model: FLARE },
    })
    const history = await fetch(`${app.url}/api/generations/${second.body.id}/history`, {
      headers: { authorization: `Bearer ${await app.token('alice')}` },
    })
    expect(((await history.json()) as Answer).attempts).toMatchObject([
      { provider: 'gemini', model: BANANA, outcome: 'rate_limited' },
      { provider: 'openai', model: FLARE, outcome: 'image' },
    ])
    // The limit is known: nobody asks again, and who is asked what it would cost takes the next.
    app.gemini.reset()
    await ask({ prompt: 'a third route', model: 'auto' })
    expect(app.gemini.countCalls()).toBe(0)
    const { body } = await ask({ prompt: 'a fourth', model: 'auto' }, '/api/visualize/explain')
    expect(body).toMatchObject({ atMostUsd: 0.05268, images: [{ would: 'buy' }] })
    const again = await ask({ prompt: 'another route', model: 'auto' })
    expect(again.body).toMatchObject({ isExisting: true, id: second.body.id })
  })

  test('refuses a route what one of its models can’t do', async () => {
    const { status, body } = await ask({ prompt: 'a', model: 'auto', seed: 7 })
    expect([status, body.errors?.[0]?.pointer]).toEqual([400, '/seed'])
  })

  test('takes the names of all by OpenAI’s API, and by Gemini’s those that need no more', async () => {
    const asked = { prompt: 'by another api', model: FLARE, size: '1024x1024' }
    const { headers, body } = await ask(asked, '/openai/v1/images/generations')
    expect(headers.get('imageonce-made')).toBe(`"${FLARE}";size="1K";aspect-ratio="1:1"`)
    expect(body.usage).toMatchObject({ input_tokens: 12, output_tokens: 1_756 })
    expect(openai.calls.at(-1)?.fields).toMatchObject({ size: '1024x1024' })
    const contents = [{ role: 'user', parts: [{ text: 'by another api' }] }]
    const generationConfig = { responseModalities: ['TEXT', 'IMAGE'], imageConfig: {} }
    const path = `/gemini/v1beta/models/${FLARE}:generateContent`
    const made = await ask({ contents, generationConfig }, path)
    expect(made.body.candidates[0].content.parts[0].inlineData.mimeType).toBe('image/png')
    const hot = { ...generationConfig, temperature: 0.5 }
    const own = await ask({ contents, generationConfig: hot }, path)
    expect(own.status).toBe(400)
  })
})

describe('a route', () => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>
  let folder: TemporaryFolder
  let png: Buffer
  let called: string[]
  /** What each says, by its name, one after the other; the last for all that follow. */
  let says: Record<'gemini' | 'openai', (ProviderErrorCode | 'image' | 'crash')[]>
  beforeAll(async () => {
    database = await openTestDatabase()
    png = await makePng()
  })
  beforeEach(async () => {
    folder = await makeTemporaryFolder('routes')
    called = []
    says = { gemini: ['image'], openai: ['image'] }
  })
  afterEach(() => folder.remove())
  afterAll(() => database.close())

  const aProvider = (name: 'gemini' | 'openai') => ({
    ...{ name, account: name, defaultModel: name, estimateNanoUsd: () => 30_000_000 },
    models: [aModel({ name, provider: name })],
    call: async () => {
      called.push(name)
      const [said, ...others] = says[name]
      if (others.length > 0) says[name] = others
      if (said === 'image') return { bytes: png, costNanoUsd: 40_000_000 }
      if (said === 'crash') throw new Interrupted('shutdown')
      throw createProviderError(said ?? 'ambiguous', 'x')
    },
  })

  const insert = () =>
    insertStanding(database.db, 'queued', {
      ...{ provider: 'route', model: 'auto' },
      ...{ claims: 0, attempts: 0, paidCalls: 0, ambiguousCalls: 0, lostClaims: 0, costNanoUsd: 0 },
    })

  const run = async (id: string, given: object = {}) => {
    await database.db
      .updateTable('generations')
      .set({ runAfter: null })
      .where('id', '=', id)
      .execute()
    const providers = createProviders([aProvider('gemini'), aProvider('openai')], {
      routes: [{ name: 'auto', models: ['gemini', 'openai'] }],
    })
    const deps = createRunDeps({ db: database.db, folder: folder.path })
    return runGeneration({ ...deps, providers, ...given }, id)
  }

  const success = { kind: 'finished', status: 'succeeded' }

  test.each(['overloaded', 'model_gone', 'unauthorized', 'rate_limited'] as const)(
    'goes on after %s',
    async (code) => {
      says.gemini = [code]
      const { id } = await insert()
      expect(await run(id)).toMatchObject(success)
      expect(called).toEqual(['gemini', 'openai'])
    },
  )

  test.each(['refused_prompt', 'refused_image', 'no_image', 'invalid_request'] as const)(
    'ends with %s',
    async (code) => {
      says.gemini = [code]
      const { id } = await insert()
      expect(await run(id)).toMatchObject({ kind: 'finished', status: 'failed', code })
      expect(called).toEqual(['gemini'])
    },
  )

  test.each(['timeout', 'ambiguous', 'crash'] as const)(
    'stays with the model that may have charged, after %s, though that is down then',
    async (code) => {
      says.gemini = [code, 'overloaded', 'overloaded', 'image']
      const { id } = await insert()
      for (let tries = 0; tries < 3; tries++) {
        expect(await run(id)).toMatchObject({ kind: 'again' })
      }
      expect(await run(id)).toMatchObject(success)
      expect(called).toEqual(['gemini', 'gemini', 'gemini', 'gemini'])
    },
  )

  test('stays with a model that is taken off it', async () => {
    says.gemini = ['timeout', 'image']
    const { id } = await insert()
    await run(id)
    const providers = createProviders([aProvider('gemini'), aProvider('openai')], {
      routes: [{ name: 'auto', models: ['openai'] }],
    })
    expect(await run(id, { providers })).toMatchObject(success)
    expect(called).toEqual(['gemini', 'gemini'])
  })

  test('does not call what is known to be down', async () => {
    const { id } = await insert()
    const breaker = async (
      { model }: { model: string },
      call: (isTrial: boolean) => Promise<unknown>,
    ) => {
      if (model !== 'gemini') return call(false)
      throw new AppError('provider_unavailable', 'x', { retryable: true, retryAfterMs: 5_000 })
    }
    expect(await run(id, { breaker })).toMatchObject(success)
    expect(called).toEqual(['openai'])
  })

  test('waits for whichever is back first where none can serve', async () => {
    says = { gemini: ['model_gone'], openai: ['overloaded', 'image'] }
    const { id } = await insert()
    expect(await run(id)).toMatchObject({ kind: 'again' })
    expect(await run(id)).toMatchObject(success)
    expect(called).toEqual(['gemini', 'openai', 'gemini', 'openai'])
  })
})

describe('settings of routes', () => {
  const keys = { GEMINI_API_KEY: 'g', OPENAI_API_KEY: 'o' }

  test('make names for several models, one of which may be the default', () => {
    const config = parseConfig({
      ...keys,
      ROUTES: `auto=${BANANA}, ${FLARE}; cheap = gpt-image-1-mini`,
      DEFAULT_MODEL: 'auto',
    })
    const { models, defaultModel } = openProviders(config).providers
    expect([defaultModel, models[0]?.name]).toEqual(['auto', 'auto'])
    expect(models.filter(({ provider }) => provider === 'route')).toMatchObject([
      { name: 'auto', models: [BANANA, FLARE] },
      { name: 'cheap', models: ['gpt-image-1-mini'] },
    ])
  })

  test.each<[Record<string, string>, RegExp]>([
    [{ ...keys, ROUTES: 'auto' }, /ROUTES must be name=model,model/],
    [{ ...keys, ROUTES: `auto=${BANANA};auto=${FLARE}` }, /ROUTES must name each route once/],
    [
      { ...keys, ROUTES: 'auto=gpt-9' },
      /ROUTES names gpt-9, and there is gemini-nano-banana-2.1, /,
    ],
    [
      { ...keys, ROUTES: `${FLARE}=${BANANA}` },
      /ROUTES names a route gpt-image-2.5-flare, which is a model/,
    ],
    [{ ...keys, DEFAULT_MODEL: 'auto' }, /DEFAULT_MODEL names auto, and there is/],
    [{ ROUTES: `auto=${BANANA}` }, /nothing but the local renderer/],
    [{ OPENAI_API_KEY: 'o', OPENAI_BASE_URL: 'http://localhost:1/v1' }, /OPENAI_MODELS is missing/],
    [
      { ...keys, OPENAI_MODELS: BANANA },
      /OPENAI_MODELS names gemini-nano-banana-2.1, which is Gemini’s/,
    ],
    [{ ...keys, OPENAI_MODELS: 'a,a' }, /OPENAI_MODELS must name each model once/],
  ])('that are wrong are named: %j', (env, message) => {
    expect(() => parseConfig(env)).toThrow(message)
  })
})
