import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { startTestApp, type TestApp } from '../support/app.ts'
import { buildProgram } from '../support/build-programs.ts'
import { createHolds } from '../support/held.ts'
import { startMcp } from '../support/mcp.ts'
import { makePng } from '../support/pictures.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let holds: ReturnType<typeof createHolds>
let mcp: Awaited<ReturnType<typeof startMcp>>
let folder: TemporaryFolder
let env: Record<string, string>

beforeAll(async () => {
  app = await startTestApp()
  holds = createHolds(app.gemini)
  folder = await makeTemporaryFolder('mcp')
  env = { IMAGEONCE_URL: `${app.url}/`, IMAGEONCE_TOKEN: await app.token() }
  mcp = await startMcp(env)
})
afterAll(async () => {
  await mcp.close()
  await app.stop()
  await folder.remove()
})
afterEach(() => holds.release())

const countInline = (prompt: string) =>
  app.gemini.calls
    .filter((call) => call.prompt.includes(prompt))
    .map(({ body }) => body.contents.flatMap(({ parts }) => parts).filter(hasImage).length)
const hasImage = (part: object) => 'inlineData' in part

test('says of each tool what it takes and does', async () => {
  const { tools } = await mcp.client.listTools()
  const hints = tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint])
  expect(Object.fromEntries(hints)).toEqual({
    make_image: false,
    edit_image: false,
    find_images: true,
    show_image: true,
    get_costs: true,
  })
  for (const { description, title, inputSchema } of tools) {
    expect([title, description]).toEqual([expect.any(String), expect.any(String)])
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
    for (const field of Object.values(inputSchema.properties ?? {})) {
      expect(field).toMatchObject({ description: expect.any(String) })
    }
  }
  expect(mcp.client.getInstructions()).toMatch(/each of them once/)
  expect(mcp.client.getServerVersion()).toMatchObject({ name: 'imageonce' })
})

test('a picture is made, shown and paid once, and the same call again costs nothing', async () => {
  const words = { prompt: 'a heron at dawn', aspectRatio: '16:9' }
  const made = await mcp.call('make_image', words)
  expect(made).toMatchObject({ isError: false, image: { mimeType: 'image/webp' } })
  expect(made.text).toMatch(/^Made and paid for: \$0\.\d*[1-9]/)
  const preview = await sharp(Buffer.from(made.image?.data ?? '', 'base64')).metadata()
  expect(preview.width).toBeLessThanOrEqual(640)
  expect((await fetch(made.url)).headers.get('content-type')).toMatch(/^image\//)

  const again = await mcp.call('make_image', words)
  expect(again.text).toMatch(/^Reused: .+ paid nothing, \$0\.\d+ saved/)
  expect([again.id, again.image]).toEqual([made.id, made.image])
  expect(app.gemini.countCalls('a heron at dawn')).toBe(1)

  const another = await mcp.call('make_image', { ...words, another: true })
  expect(another.text).toMatch(/^Made and paid for/)
  expect(another.id).not.toBe(made.id)
  const label = await mcp.call('make_image', { ...words, variant: '2' })
  expect(label.text).toMatch(/^Made and paid for/)
  expect(app.gemini.countCalls('a heron at dawn')).toBe(3)
})

describe('a picture to go by', () => {
  test('may be an id or the URL of what was made, which are one, or a file', async () => {
    const { id, url } = await mcp.call('make_image', { prompt: 'a plain boat' })
    const words = { prompt: 'the boat in red' }
    expect(await mcp.call('edit_image', { ...words, images: [id] })).toMatchObject({
      isError: false,
      text: expect.stringMatching(/^Made and paid for/),
    })
    const byUrl = await mcp.call('edit_image', { ...words, images: [url] })
    expect(byUrl.text).toMatch(/^Reused/)
    const file = join(folder.path, 'boat.png')
    await writeFile(file, await makePng('#204060', 64))
    const byFile = await mcp.call('edit_image', { ...words, images: [file] })
    expect(byFile.text).toMatch(/^Made and paid for/)
    const byBoth = { prompt: 'the boat in both', images: [file, id] }
    const both = await mcp.call('edit_image', byBoth)
    expect(both.text).toMatch(/^Made and paid for/)
    expect((await mcp.call('edit_image', byBoth)).id).toBe(both.id)
    expect(countInline('the boat in red')).toEqual([1, 1])
    expect(countInline('the boat in both')).toEqual([2])
  })

  test.each([
    ['a file that is no picture', () => join(folder.path, 'secret.txt'), /is no png, jpeg or webp/],
    ['a file that is not there', () => join(folder.path, 'nowhere.png'), /Can't read .+ENOENT/],
    ['a folder', () => folder.path, /it is no file/],
    ['what never ends', () => '/dev/zero', /it is no file/],
    ['an address elsewhere', () => 'https://example.com/cat.png', /download it/],
    ['nobody’s image', () => `g_${'0'.repeat(40)}`, /\(\w+\)/],
  ])('that is %s is refused by name, before anything is paid', async (_what, name, reason) => {
    await writeFile(join(folder.path, 'secret.txt'), 'a secret')
    const answer = await mcp.call('edit_image', { prompt: 'never made', images: [name()] })
    expect(answer).toMatchObject({ isError: true, text: expect.stringMatching(reason) })
    expect(answer.text).not.toContain('a secret')
    expect(app.gemini.countCalls('never made')).toBe(0)
  })
})

test('finds what was made by words, shows it, and says what it all cost', async () => {
  const { id, url } = await mcp.call('make_image', { prompt: 'Two Owls in a snowy wood' })
  await mcp.call('make_image', { prompt: 'one owl in a barn' })
  const { images } = JSON.parse((await mcp.call('find_images', { words: 'owls SNOWY' })).text)
  expect(images).toMatchObject([{ id, url, prompt: 'Two Owls in a snowy wood' }])
  const page = JSON.parse((await mcp.call('find_images', { limit: 1 })).text)
  const { cursor = page.nextCursor } = page
  const next = JSON.parse((await mcp.call('find_images', { limit: 1, cursor })).text)
  expect([page.images[0].prompt, next.images[0].id]).toEqual(['one owl in a barn', id])

  for (const image of [id, url]) {
    const shown = await mcp.call('show_image', { image })
    expect(shown).toMatchObject({ id, url, isError: false, image: { type: 'image' } })
    expect(shown.text).toMatch(/^Looking costs nothing; making it has cost \$0\.\d/)
  }
  const costs = JSON.parse((await mcp.call('get_costs', { days: 1 })).text)
  expect(costs.paidCalls).toBe(app.gemini.calls.length)
  expect(costs.spentUsd).toBeGreaterThan(0)
  expect(costs.budgets).toMatchObject({ isPayingStopped: false })
})

test('tells a host that asks for it how a picture comes along', async () => {
  const open = holds.hold()
  const heard: (string | undefined)[] = []
  const making = mcp.call(
    'make_image',
    { prompt: 'a slow boat' },
    { onprogress: ({ message }) => heard.push(message) },
  )
  await waitFor(() => heard.includes('running'), { what: 'the progress' })
  open()
  expect(await making).toMatchObject({ isError: false })
})

test('a host that gives up ends its wait alone: the picture is there when it asks again', async () => {
  const open = holds.hold()
  const host = new AbortController()
  const words = { prompt: 'a patient boat' }
  const given = mcp.call('make_image', words, { signal: host.signal })
  await app.gemini.waitForCall(({ prompt }) => prompt.includes(words.prompt))
  host.abort()
  await expect(given).rejects.toThrow()
  const unfinished = await mcp.call('make_image', { ...words, waitSeconds: 0 })
  expect(unfinished).toMatchObject({ isError: false, image: undefined })
  expect(unfinished.text).toMatch(/still being made .+show_image/)
  const showing = mcp.call('show_image', { image: unfinished.id })
  open()
  expect(await showing).toMatchObject({ isError: false, image: { type: 'image' } })
  expect((await mcp.call('make_image', words)).text).toMatch(/^Reused/)
  expect(app.gemini.countCalls(words.prompt)).toBe(1)
})

describe('what goes wrong is said in words that help', () => {
  test.each([
    ['an empty prompt', { prompt: '' }, /prompt.+\(invalid_request\).+change it/],
    ['a field that there is not', { prompt: 'x', colour: 'red' }, /colour/],
    ['a ratio that there is not', { prompt: 'x', aspectRatio: '7:1' }, /aspectRatio/],
  ])('%s', async (_what, args, reason) => {
    const answer = await mcp.call('make_image', args)
    expect(answer).toMatchObject({ isError: true, text: expect.stringMatching(reason) })
  })

  test('a refusal of the model', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const answer = await mcp.call('make_image', { prompt: 'refused' })
    expect(answer).toMatchObject({ isError: true, image: undefined })
    expect(answer.text).toMatch(/\(refused_prompt\)/)
  })

  test('a token that is refused, and a server that is not there', async () => {
    const [stranger, lost] = await Promise.all([
      startMcp({ ...env, IMAGEONCE_TOKEN: 'io_wrong' }),
      startMcp({ ...env, IMAGEONCE_URL: 'http://127.0.0.1:9' }),
    ])
    const [refused, away] = await Promise.all([
      stranger.call('find_images', {}),
      lost.call('make_image', { prompt: 'nowhere' }),
    ])
    await Promise.all([stranger.close(), lost.close()])
    expect(refused).toMatchObject({ isError: true })
    expect(refused.text).toMatch(/IMAGEONCE_TOKEN.+imageonce keys create/)
    expect(refused.text).not.toContain('io_wrong')
    expect(away.text).toMatch(/No imageonce server answers at http:\/\/127\.0\.0\.1:9\./)
  })
})

test('writes nothing but the protocol, outlives lines that are none, and ends with its host', async () => {
  const child = spawn(process.execPath, [await buildProgram('src/cli'), 'mcp'], {
    env: { PATH: process.env.PATH, ...env },
  })
  const [out, err] = [readText(child.stdout), readText(child.stderr)]
  const open = holds.hold()
  const params = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  }
  const ask = { name: 'make_image', arguments: { prompt: 'nobody waits for this' } }
  for (const line of [
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
    'this is no JSON',
    JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
    JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: ask }),
  ]) {
    child.stdin.write(`${line}\n`)
  }
  await app.gemini.waitForCall(({ prompt }) => prompt.includes(ask.arguments.prompt))
  child.stdin.end()
  const [code] = await once(child, 'close')
  open()
  expect(code).toBe(0)
  const lines = (await out).split('\n').filter(Boolean)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ jsonrpc: '2.0', id: 1 }])
  expect(await err).toContain(`images of ${app.url}`)
})
