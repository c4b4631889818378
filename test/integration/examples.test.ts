import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { startBrowser } from '../support/browser.ts'
import { startExample } from '../support/examples.ts'
import { findFreePort } from '../support/free-port.ts'
import { describeWhen, describeWith } from '../support/skip.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const OPERATOR_KEY = 'an-operator-of-the-examples-0123456789'
const MAX_LINES = 40

const hasRequests = await promisify(execFile)('python3', ['-c', 'import requests']).then(
  () => true,
  () => false,
)

let app: TestApp
let folder: TemporaryFolder
let env: Record<string, string>
let site: string

beforeAll(async () => {
  const port = String(await findFreePort())
  site = `http://127.0.0.1:${port}`
  app = await startTestApp({
    env: { OPERATOR_KEYS: `examples:${OPERATOR_KEY}`, CORS_ORIGINS: site },
  })
  folder = await makeTemporaryFolder('examples')
  env = {
    PORT: port,
    IMAGEONCE_URL: app.url,
    IMAGEONCE_TOKEN: await app.token('ann'),
    IMAGEONCE_OPERATOR_KEY: OPERATOR_KEY,
    IMAGEONCE_KEY: await makeKey(),
  }
})
afterAll(async () => {
  await app.stop()
  await folder.remove()
})

const makeKey = async (): Promise<string> => {
  const response = await fetch(`${app.url}/api/keys`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${OPERATOR_KEY}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'a back end', onBehalf: true }),
  })
  return ((await response.json()) as { key: string }).key
}

/** Runs it twice: what it printed, its picture, and how many calls were paid for after each. */
const runTwice = async (file: string, prompt: string) => {
  const path = join(folder.path, `${prompt}.png`)
  const run = async () => {
    const { out, err, code } = await startExample(file, [prompt, path], env).ended()
    if (code !== 0) throw new Error(`${file} ended with ${code}: ${err}`)
    return { out, picture: await readFile(path), paid: app.gemini.countCalls(prompt) }
  }
  return [await run(), await run()] as const
}

const isImage = (bytes: Buffer) => /^(\x89PNG|\xff\xd8|RIFF)/.test(bytes.toString('latin1', 0, 4))

test('each is 40 lines at most', async () => {
  const all = await readdir('examples', { recursive: true })
  const files = all.filter((file) => /\.(tsx?|html|py)$/.test(file) && !file.startsWith('studio'))
  expect(files.length).toBeGreaterThan(10)
  for (const file of files) {
    const { length } = (await readFile(join('examples', file), 'utf8')).trimEnd().split('\n')
    expect({ file, isShort: length <= MAX_LINES }).toEqual({ file, isShort: true })
  }
})

test.each(['openai', 'google-genai', 'google-generative-ai', 'fal'])(
  'an app with the SDK %s pays once for a picture that it makes twice',
  async (name) => {
    const [first, second] = await runTwice(`examples/${name}/picture.ts`, `a fox by ${name}`)
    expect(isImage(first.picture)).toBe(true)
    expect([first.paid, second.paid]).toEqual([1, 1])
    expect(second.picture.equals(first.picture)).toBe(true)
  },
)

describeWhen(hasRequests, 'no python3 with requests', 'a script in Python', () => {
  const file = 'examples/python/picture.py'

  test('pays once, and says whether it did', async () => {
    const [first, second] = await runTwice(file, 'a fox by python')
    expect([first.paid, second.paid]).toEqual([1, 1])
    expect(first.out).toMatch(/^made http/)
    expect(second.out).toMatch(/^reused http/)
    expect(isImage(second.picture)).toBe(true)
  })

  test('says why there is no picture', async () => {
    const { code, err } = await startExample(file, ['', 'never.png'], env).ended()
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^invalid_request: /) })
  })
})

test('a Next.js app asks by its server action and its page, and hands its pages keys', async () => {
  const run = async () => {
    const driver = startExample('test/support/drive-nextjs.tsx', ['a fox by next'], env)
    const { out, err } = await driver.ended()
    expect(err).toBe('')
    return JSON.parse(out)
  }
  const { key, drawn, html } = await run()
  expect(key).toMatch(/^io_/)
  expect(drawn.initial).toMatchObject({ status: 'queued', prompt: 'a fox by next' })
  expect(html).toMatch(/Drawing….+<img alt="A lighthouse".+src="http:\/\/[^"]+\/images\/g_/s)
  const { id } = drawn.initial
  const mine = await fetch(`${app.url}/api/generations/${id}`, {
    headers: { Authorization: `Bearer ${key}`, Prefer: 'wait=40' },
  })
  expect(await mine.json()).toMatchObject({ id, status: 'succeeded' })
  const again = await run()
  expect(again.drawn.initial).toMatchObject({ id, status: 'succeeded', isExisting: true })
  expect(app.gemini.countCalls('lighthouse') + app.gemini.countCalls('a fox by next')).toBe(2)
})

describe('an Express back end', () => {
  let server: ReturnType<typeof startExample>
  beforeAll(async () => {
    server = startExample('examples/express/server.ts', [], env)
    await server.waitFor(site)
  })
  afterAll(() => server.stop())

  test('makes pictures for its users, each once', async () => {
    const draw = async (prompt: string) => {
      const response = await fetch(`${site}/pictures`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ prompt }),
      })
      return { status: response.status, body: await response.json() }
    }
    const made = await draw('a fox by express')
    expect(made).toMatchObject({ status: 200, body: { isExisting: false } })
    const { imageUrl } = made.body as { imageUrl: string }
    expect(await draw('a fox by express')).toMatchObject({ body: { imageUrl, isExisting: true } })
    expect(app.gemini.countCalls('a fox by express')).toBe(1)
    expect(await draw('')).toMatchObject({
      status: 502,
      body: { error: { code: 'invalid_request' } },
    })
  })

  describeWith('chromium', 'and its plain HTML page', () => {
    test('draws what is asked for, with a key of its user', async () => {
      const browser = await startBrowser()
      const page = await browser.context.newPage()
      await page.goto(site)
      for (const said of ['Made.', 'It was there.']) {
        await page.fill('input', 'a fox in html')
        await page.click('button')
        await page.waitForFunction(`document.querySelector('p').textContent === '${said}'`)
        expect(await page.evaluate('document.images[0].naturalWidth')).toBeGreaterThan(1)
      }
      await page.fill('input', ' ')
      await page.click('button')
      await page.waitForFunction(`/prompt/.test(document.querySelector('p').textContent)`)
      await browser.close()
      expect(app.gemini.countCalls('a fox in html')).toBe(1)
    })
  })
})
