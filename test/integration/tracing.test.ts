import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Tracing } from '../../src/adapters/tracing/ports.ts'
import { startTracing } from '../../src/adapters/tracing/tracing.ts'
import { startTestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { type CollectedSpan, startTraceCollector } from '../support/trace-collector.ts'

const PROMPT = 'a boat that no trace may name'

let collector: Awaited<ReturnType<typeof startTraceCollector>>
let tracing: Tracing | undefined
beforeEach(async () => {
  collector = await startTraceCollector()
  tracing = await startTracing({ endpoint: collector.url, serviceName: 'imageonce' })
})
afterEach(async () => {
  await tracing?.close()
  await collector.close()
})

const startApp = (backend: 'redis' | 'postgres') =>
  startTestApp({ backend, overrides: { tracing } })

/** The names from a span up to the root of its trace. */
const pathOf = (spans: CollectedSpan[], span: CollectedSpan | undefined): string[] => {
  if (!span) return []
  const parent = spans.find(({ id }) => id === span.parentId)
  return [span.name, ...pathOf(spans, parent)]
}

describeEachBackend('one trace', (backend) => {
  test('runs from the request through the queue to the commit', async () => {
    const app = await startApp(backend)
    const alice = await createClient(app)
    const { body } = await alice.generateAndWait({ prompt: PROMPT })
    expect(body.status).toBe('succeeded')
    await app.stop()
    await tracing?.close()

    const root = collector.spans.find(({ name }) => name === 'POST /api/visualize/generate')
    const spans = collector.spans.filter(({ traceId }) => traceId === root?.traceId)
    const pathFrom = (name: string) =>
      pathOf(
        spans,
        spans.find((span) => span.name === name),
      )
    const toJob = [
      `process ${app.config.queue.name}`,
      `add ${app.config.queue.name}.generate`,
      'POST /api/visualize/generate',
    ]
    expect(root?.parentId).toBeUndefined()
    for (const step of ['probe', 'record intent', 'call model', 'spool', 'store put', 'commit']) {
      expect(pathFrom(step)).toEqual([step, 'attempt', ...toJob])
    }
    const call = spans.find(({ name }) => name === 'call model')
    expect(call?.attributes).toMatchObject({ 'imageonce.cost_usd': body.costUsd })
    const attempt = spans.find(({ name }) => name === 'attempt')
    expect(attempt?.attributes).toEqual({
      'imageonce.generation_id': body.id,
      'imageonce.outcome': 'succeeded',
    })
    for (const { name, durationMs } of spans) {
      expect([name, durationMs >= 0 && durationMs < 60_000]).toEqual([name, true])
    }
  })
})

describe('traces', () => {
  test("go on with the caller's, and begin anew without one; each try is a span of its own", async () => {
    const app = await startApp('postgres')
    const alice = await createClient(app)
    const traceId = 'a'.repeat(32)
    const traceparent = `00-${traceId}-${'b'.repeat(16)}-01`
    app.gemini.behave({ kind: 'sequence', steps: [{ kind: 'overloaded' }, { kind: 'image' }] })
    await alice.generateAndWait({ prompt: PROMPT }, { traceparent })
    await alice.generateAndWait({ prompt: `${PROMPT}, alone` })
    await app.stop()
    await tracing?.close()

    const attempts = collector.spans.filter(({ name }) => name === 'attempt')
    const ofCaller = attempts.filter((span) => span.traceId === traceId)
    expect(ofCaller.map(({ attributes }) => attributes['imageonce.outcome'])).toEqual([
      'again',
      'succeeded',
    ])
    const calls = collector.spans.filter(({ name }) => name === 'call model')
    expect(calls.map(({ attributes }) => attributes['error.type'])).toEqual([
      'overloaded',
      undefined,
      undefined,
    ])
    expect(new Set(attempts.map((span) => span.traceId)).size).toBe(2)
  })

  test('know no prompt, token or signature, and nothing of probes and of an idle queue', async () => {
    const app = await startApp('postgres')
    const alice = await createClient(app)
    app.gemini.behave({ kind: 'prompt_blocked' })
    await alice.generateAndWait({ prompt: `${PROMPT}, refused` })
    app.gemini.behave({ kind: 'image' })
    const { body } = await alice.generateAndWait({ prompt: PROMPT })
    const { events } = body.urls
    for (const address of [body.imageUrl, events, `${app.url}/livez`, `${app.url}/metrics`]) {
      await (await fetch(address)).arrayBuffer()
    }
    await app.stop()
    await tracing?.close()

    const sent = collector.bodies.join('\n')
    const [, signature = 'none'] = /\.([\w-]{10,})/.exec(new URL(body.imageUrl).pathname) ?? []
    expect(sent).toContain('GET /images/:file')
    const ofEvents = new URL(events).searchParams.get('signature') ?? 'none'
    for (const secret of [PROMPT, 'test-key', signature, ofEvents, alice.authorization.slice(7)]) {
      expect(sent).not.toContain(secret)
    }
    const names = [...new Set(collector.spans.map(({ name }) => name.split(' ')[0]))]
    expect(names).not.toContain('getNextJob')
    expect(sent).not.toMatch(/livez|metrics/)
  })
})
