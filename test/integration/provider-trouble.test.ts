import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import type { GeminiBehaviour } from '../support/gemini-behaviour.ts'

type Case = { behaviour: GeminiBehaviour; code: string; calls: number; paidCalls: number }

const cases: Record<string, Case> = {
  'refuses the prompt': {
    behaviour: { kind: 'prompt_blocked' },
    code: 'refused_prompt',
    calls: 1,
    paidCalls: 0,
  },
  'withholds the image': {
    behaviour: { kind: 'finish', finishReason: 'IMAGE_SAFETY' },
    code: 'refused_image',
    calls: 1,
    paidCalls: 1,
  },
  'answers with text': {
    behaviour: { kind: 'text_only' },
    code: 'no_image',
    calls: 1,
    paidCalls: 1,
  },
  'sends bytes that are no image': {
    behaviour: { kind: 'not_an_image' },
    code: 'no_image',
    calls: 1,
    paidCalls: 1,
  },
  hangs: { behaviour: { kind: 'hang' }, code: 'timeout', calls: 2, paidCalls: 2 },
  'cuts the connection': {
    behaviour: { kind: 'reset_mid_body' },
    code: 'ambiguous',
    calls: 2,
    paidCalls: 2,
  },
  'is overloaded': {
    behaviour: { kind: 'overloaded' },
    code: 'overloaded',
    calls: 6,
    paidCalls: 0,
  },
  'has no such model any more': {
    behaviour: { kind: 'not_found' },
    code: 'model_gone',
    calls: 1,
    paidCalls: 0,
  },
  'does not know the key': {
    behaviour: { kind: 'forbidden' },
    code: 'unauthorized',
    calls: 1,
    paidCalls: 0,
  },
}

describeEachBackend('when the provider', (backend) => {
  let app: TestApp
  let alice: Client

  beforeAll(async () => {
    const env = { GENERATION_TIMEOUT_MS: '200', RETRY_BACKOFF_MS: '2' }
    app = await startTestApp({ backend, env })
    alice = await createClient(app)
  })
  beforeEach(() => app.gemini.reset())
  afterAll(() => app.stop())

  test.each(Object.entries(cases))(
    '%s, the answer is the placeholder with the reason, and asking again tries again',
    async (name, { behaviour, code, calls, paidCalls }) => {
      const request = { prompt: `a picture while it ${name}` }
      app.gemini.behave(behaviour)
      const failed = await alice.generateAndWait(request)
      expect(failed.status).toBe(200)
      expect(failed.body).toMatchObject({ status: 'failed', isPlaceholder: true, error: { code } })
      expect(app.gemini.countCalls(request.prompt)).toBe(calls)
      const row = await app.db
        .selectFrom('generations')
        .select(['paidCalls', 'attempts'])
        .where('id', '=', failed.body.id)
        .executeTakeFirstOrThrow()
      expect(row).toEqual({ paidCalls, attempts: calls })

      const placeholder = await fetch(failed.body.imageUrl)

      await placeholder.arrayBuffer()
      expect(placeholder.headers.get('imageonce-placeholder')).toBe('true')
      expect(placeholder.headers.get('cache-control')).toBe('no-store')

      app.gemini.behave({ kind: 'image' })
      const again = await alice.generateAndWait(request)
      expect(again.body).toMatchObject({
        id: failed.body.id,
        status: 'succeeded',
        isPlaceholder: false,
        isExisting: false,
      })
      const image = await fetch(failed.body.urls.image)
      await image.arrayBuffer()
      expect(image.headers.get('imageonce-placeholder')).toBeNull()
    },
  )

  test('asks for patience, the next try waits as long as it said', async () => {
    app.gemini.behave({
      kind: 'sequence',
      steps: [{ kind: 'rate_limited', retryDelay: '1s' }, { kind: 'image' }],
    })
    const { body } = await alice.generateAndWait({ prompt: 'patience' })
    expect(body).toMatchObject({ status: 'succeeded', attempts: 2 })
    const [first, second] = app.gemini.calls
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990)
  })

  test('stumbles once, the image comes at the second try and one call counts as paid', async () => {
    app.gemini.behave({ kind: 'sequence', steps: [{ kind: 'overloaded' }, { kind: 'image' }] })
    const { body } = await alice.generateAndWait({ prompt: 'second wind' })
    expect(body).toMatchObject({ status: 'succeeded', attempts: 2 })
    const { paidCalls } = await app.db
      .selectFrom('generations')
      .select('paidCalls')
      .where('id', '=', body.id)
      .executeTakeFirstOrThrow()
    expect(paidCalls).toBe(1)
  })
})
