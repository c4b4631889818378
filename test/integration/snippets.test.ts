import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { GenerationRequestInput } from '../../src/contract/generation-request.ts'
import { writeCurl, writeGoogle, writeOpenai } from '../../web/playground/snippets.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'

const run = promisify(execFile)

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const model = 'gemini-nano-banana-2.1'

/** Runs a snippet as it stands, as a module or a line for the shell. */
const runSnippet = async (code: string): Promise<void> => {
  const env = { ...process.env, TOKEN: await app.token() }
  const isShell = code.startsWith('curl')
  const [program, options] = isShell
    ? ['sh', ['-c', code]]
    : [process.execPath, ['--input-type=module', '--eval', code]]
  await run(program as string, options as string[], { env })
}

describe('the code that the playground writes asks for the very same image', () => {
  test.each<[name: string, write: (asked: GenerationRequestInput & { model: string }) => unknown]>([
    ['curl', ({ model: _, ...request }) => writeCurl(app.url, request)],
    ['Google’s SDK', (asked) => writeGoogle(app.url, asked)],
  ])('by %s, with all that it can say', async (name, write) => {
    const prompt = `It's a "fox" by ${name}`
    const request = { prompt, aspectRatio: '16:9', imageSize: '2K', seed: 7 } as const
    const alice = await createClient(app)
    await alice.generateAndWait(request)
    await runSnippet(String(write({ ...request, model })))
    expect(app.gemini.countCalls(prompt)).toBe(1)
  })

  test('by OpenAI’s SDK, where nothing is asked for but words and a model', async () => {
    const prompt = 'A fox by OpenAI’s SDK'
    const alice = await createClient(app)
    await alice.generateAndWait({ prompt })
    await runSnippet(String(writeOpenai(app.url, { prompt, model })))
    expect(app.gemini.countCalls(prompt)).toBe(1)
  })
})

test('an SDK that can’t say all of a request has no code for it', () => {
  const asked = { prompt: 'a fox', model, variant: 'b' }
  expect(writeGoogle('http://here', asked)).toBeUndefined()
  expect(writeOpenai('http://here', asked)).toBeUndefined()
  expect(writeOpenai('http://here', { ...asked, imageSize: '4K' })).toBeUndefined()
})
