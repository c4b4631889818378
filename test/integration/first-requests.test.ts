import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'

let app: TestApp

beforeEach(async () => {
  app = await startTestApp({ apis: 2, workers: 0 })
})
afterEach(() => app.stop())

const OWNERS = 10
const COPIES = 8

test("a new owner's first request, sent many times at once with and without a key, is accepted each time", async () => {
  for (let n = 0; n < OWNERS; n++) {
    const clients = await Promise.all(app.urls.map((url) => createClient({ ...app, url }, `o${n}`)))
    const answers = await Promise.all(
      Array.from({ length: COPIES }, (_, copy) =>
        clients[copy % 2]?.generate(
          { prompt: 'the very first' },
          copy % 4 < 2 ? { 'Idempotency-Key': 'first' } : {},
        ),
      ),
    )
    expect(answers.map((answer) => answer?.status)).toEqual(Array(COPIES).fill(202))
    expect(new Set(answers.map((answer) => answer?.body.id)).size).toBe(1)
  }
})
