import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const PAGE = '<!doctype html><title>pages</title>'
const SCRIPT = 'export {}'

let app: TestApp
let folder: TemporaryFolder
beforeAll(async () => {
  folder = await makeTemporaryFolder('pages')
  await mkdir(join(folder.path, 'web', 'assets'), { recursive: true })
  await writeFile(join(folder.path, 'web', 'index.html'), PAGE)
  await writeFile(join(folder.path, 'web', 'assets', 'index-abc.js'), SCRIPT)
  await writeFile(join(folder.path, 'web', 'assets', 'index-abc.js.br'), brotliCompressSync(SCRIPT))
  await writeFile(join(folder.path, 'web', 'assets', 'index-abc.js.gz'), gzipSync(SCRIPT))
  await writeFile(join(folder.path, 'web', 'index.html.gz'), gzipSync(PAGE))
  app = await startTestApp({ workers: 0, overrides: { builtPages: folder.path } })
})
afterAll(async () => {
  await app.stop()
  await folder.remove()
})

const get = async (path: string, headers: Record<string, string> = BROWSER) => {
  const response = await fetch(`${app.url}${path}`, { headers })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

test('pages allow no script but their own, and no frame round them', async () => {
  const { status, headers, text } = await get('/')
  expect(status).toBe(200)
  expect(text).toContain('pages')
  expect(headers.get('cache-control')).toBe('no-cache')
  const policy = headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
})

test('their parts are kept for ever, as each has its content in its name', async () => {
  const { headers } = await get('/assets/index-abc.js', {})
  expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect((await get('/assets/index-old.js')).status).toBe(404)
})

test.each([
  ['/assets/index-abc.js', 'gzip, deflate, br', 'br', 'text/javascript; charset=utf-8', SCRIPT],
  ['/assets/index-abc.js', 'gzip', 'gzip', 'text/javascript; charset=utf-8', SCRIPT],
  ['/assets/index-abc.js', 'br;q=0, gzip;q=0', null, 'text/javascript; charset=utf-8', SCRIPT],
  ['/gallery', 'gzip, br', 'gzip', 'text/html; charset=utf-8', PAGE],
])('%s is sent to who takes %s as %s', async (path, accepted, encoding, type, content) => {
  const { headers, text } = await get(path, { ...BROWSER, 'Accept-Encoding': accepted })
  expect(headers.get('content-encoding')).toBe(encoding)
  expect(headers.get('content-type')?.toLowerCase()).toBe(type)
  expect(headers.get('vary')).toContain('Accept-Encoding')
  expect(text).toBe(content)
})

test('an address that is no text is a problem like any other', async () => {
  const { status, headers } = await get('/%E0%A4', {})
  expect(status).toBeGreaterThanOrEqual(400)
  expect(headers.get('content-type')).toContain('application/problem+json')
})

test('an address that only the page knows is the page, to browsers alone', async () => {
  expect((await get('/gallery?x=1')).text).toContain('pages')
  for (const [path, headers] of [
    ['/gallery', {}],
    ['/api/nothing', BROWSER],
    ['/images/nothing', BROWSER],
  ] as const) {
    const { status, headers: answered } = await get(path, headers)
    expect([path, status >= 400, answered.get('content-type')]).toEqual([
      path,
      true,
      'application/problem+json; charset=utf-8',
    ])
  }
})

test('nothing beside the pages can be read', async () => {
  await writeFile(join(folder.path, 'secret.txt'), 'secret')
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5c..%5csecret.txt',
  ]) {
    expect((await get(path, {})).text).not.toBe('secret')
  }
})
