import { afterEach, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { describeBothBackends } from '../support/each-backend.ts'

/** For calls beyond the limit to show themselves in. */
const LATENCY_MS = 50

describeBothBackends('the number of calls at once', (backend) => {
  let app: TestApp

  afterEach(() => app.stop())

  /** The most calls that the provider saw open at the same time; it answers none before `expected` are. */
  const countOpenCalls = async (prompts: number, expected: number): Promise<number> => {
    let open = 0
    let most = 0
    let reach = () => {}
    const reached = new Promise<void>((resolve) => {
      reach = resolve
    })
    app.gemini.behave(async () => {
      open++
      most = Math.max(most, open)
      if (open >= expected) reach()
      await reached
      await new Promise((resolve) => setTimeout(resolve, LATENCY_MS))
      open--
      return { kind: 'image' }
    })
    const alice = await createClient(app)
    const answers = await Promise.all(
      Array.from({ length: prompts }, (_, i) => alice.generateAndWait({ prompt: `at once ${i}` })),
    )
    expect(answers.every(({ body }) => body.status === 'succeeded')).toBe(true)
    return most
  }

  test("stays within one worker's WORKER_CONCURRENCY", async () => {
    app = await startTestApp({ backend, env: { WORKER_CONCURRENCY: '3' } })
    expect(await countOpenCalls(12, 3)).toBe(3)
  })

  test('stays within MODEL_MAX_CONCURRENCY over all workers', async () => {
    app = await startTestApp({ backend, workers: 2, env: { MODEL_MAX_CONCURRENCY: '2' } })
    expect(await countOpenCalls(12, 2)).toBe(2)
  })
})
