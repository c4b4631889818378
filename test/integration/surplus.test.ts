import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { GenerationHistory } from '../../src/contract/generation-history.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { answerOf } from '../support/gemini-answers.ts'
import { gradient, HEIGHT, WIDTH } from '../support/gradient.ts'
import { fetchBytes } from '../support/images.ts'
import { makePng } from '../support/pictures.ts'

let app: TestApp
let alice: Client

beforeAll(async () => {
  app = await startTestApp({ env: { REFUSAL_TTL_MS: '600000' } })
  alice = await createClient(app)
})
afterAll(() => app.stop())
afterEach(() => app.gemini.reset())

const HEIC = Buffer.concat([Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), Buffer.alloc(5_000)])

/** The model answers with these from now on. */
const answerWith = (...images: Buffer[]) => {
  const parts = images.map((bytes) => ({
    inlineData: { mimeType: 'image/png', data: bytes.toString('base64') },
  }))
  app.gemini.behave({ kind: 'raw', status: 200, json: answerOf(parts) })
}

const readSurplus = async (id: string, client = alice) => {
  const path = `/api/generations/${id}/history`
  return (await client.call<GenerationHistory>('GET', path)).body.surplus
}

const download = async (url: string, { authorization } = alice) => {
  const response = await fetch(url, { headers: { authorization } })
  return { response, bytes: Buffer.from(await response.arrayBuffer()) }
}

describe('a picture that comes in a format that browsers do not all read', () => {
  test.each<[string, () => Promise<Buffer>]>([
    ['avif', () => gradient(3).avif().toBuffer()],
    ['gif', () => gradient(3).gif().toBuffer()],
    ['tiff', () => gradient(3).tiff().toBuffer()],
    [
      'webp that moves',
      async () => {
        const frames = [
          await gradient(3).png().toBuffer(),
          await gradient(3).negate().png().toBuffer(),
        ]
        return sharp(frames, { join: { animated: true } })
          .webp()
          .toBuffer()
      },
    ],
  ])('is the image all the same: %s', async (name, make) => {
    answerWith(await make())
    const { body } = await alice.generateAndWait({ prompt: `as ${name}` })
    expect(body).toMatchObject({ status: 'succeeded', width: WIDTH, height: HEIGHT })
    const { format, pages } = await sharp(await fetchBytes(body.imageUrl)).metadata()
    expect(['png', 'webp']).toContain(format)
    expect(pages ?? 1).toBe(1)
    expect(await readSurplus(body.id)).toEqual([])
    expect(app.gemini.countCalls()).toBe(1)
  })
})

describe('bytes that do not decode', () => {
  test('are kept with the generation, and the answer says what came', async () => {
    answerWith(HEIC)
    const { body } = await alice.generateAndWait({ prompt: 'as heic' })
    expect(body).toMatchObject({
      status: 'failed',
      isPlaceholder: true,
      error: { code: 'no_image', retryable: false },
    })
    expect(body.error?.message).toMatch(/It is a heic.*5024 bytes are kept/)
    const [kept, ...others] = await readSurplus(body.id)
    expect(others).toEqual([])
    expect(kept).toMatchObject({
      kind: 'unreadable',
      sizeBytes: HEIC.length,
      reason: expect.stringMatching(/heic/),
    })
    const { response, bytes } = await download(kept?.url ?? '')
    expect(bytes.equals(HEIC)).toBe(true)
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('are not bought again by who asks again, unless that is wanted', async () => {
    const cut = (await makePng()).subarray(0, 60)
    answerWith(cut)
    const request = { prompt: 'cut short' }
    const first = await alice.generateAndWait(request)
    expect(first.body.error?.message).toMatch(/damaged.*begins as a png/)
    const again = await alice.generateAndWait(request)
    expect(again.body).toMatchObject({ id: first.body.id, status: 'failed' })
    expect(app.gemini.countCalls()).toBe(1)
    const forced = await alice.generateAndWait({ ...request, skipExistingCheck: true })
    expect(app.gemini.countCalls()).toBe(2)
    const digests = [await readSurplus(first.body.id), await readSurplus(forced.body.id)]
    expect(digests.flat().map(({ digest }) => digest)).toEqual([
      digests[0]?.[0]?.digest,
      digests[0]?.[0]?.digest,
    ])
  })

  test('come again, and each time is listed', async () => {
    answerWith(HEIC)
    const { body } = await alice.generateAndWait({ prompt: 'twice' })
    await app.db
      .updateTable('generations')
      .set({ finishedAt: new Date(0) })
      .where('id', '=', body.id)
      .execute()
    await alice.generateAndWait({ prompt: 'twice' })
    const kept = await readSurplus(body.id)
    expect(kept).toHaveLength(2)
    expect(kept[0]?.digest).toBe(kept[1]?.digest)
  })

  test("are the owner's and operators' to see", async () => {
    answerWith(HEIC)
    const { body } = await alice.generateAndWait({ prompt: 'whose' })
    const [kept] = await readSurplus(body.id)
    const url = kept?.url ?? ''
    const operator = await createClient(app, 'olga', true)
    expect(await readSurplus(body.id, operator)).toHaveLength(1)
    expect((await download(url, operator)).bytes.equals(HEIC)).toBe(true)
    const bob = await createClient(app, 'bob')
    for (const [client, wanted] of [
      [bob, url],
      [alice, url.replace(/.{64}$/, 'a'.repeat(64))],
      [alice, url.replace(/.{64}$/, '..%2f..')],
    ] as const) {
      expect((await client.fail('GET', wanted)).body.code).toBe('not_found')
    }
    expect((await fetch(url)).status).toBe(401)
  })

  test('give way to a picture of the same answer that does', async () => {
    const png = await makePng('#123456')
    answerWith(HEIC, png)
    const { body } = await alice.generateAndWait({ prompt: 'the second one' })
    expect(body.status).toBe('succeeded')
    const pixel = await sharp(await fetchBytes(body.imageUrl))
      .raw()
      .toBuffer()
    expect([...pixel.subarray(0, 3)]).toEqual([0x12, 0x34, 0x56])
    expect(await readSurplus(body.id)).toMatchObject([{ kind: 'unreadable' }])
  })
})

describe('two pictures in one answer', () => {
  test('are the image and what stays with it, for the price of both', async () => {
    answerWith(await makePng('#112233'), await makePng('#445566'), await makePng('#445566'))
    const { body } = await alice.generateAndWait({ prompt: 'two of them' })
    const pixelOf = async (bytes: Buffer) => [
      ...(await sharp(bytes).raw().toBuffer()).subarray(0, 3),
    ]
    expect(await pixelOf(await fetchBytes(body.imageUrl))).toEqual([0x11, 0x22, 0x33])
    // The same picture twice is one.
    const [other, ...others] = await readSurplus(body.id)
    expect(others).toEqual([])
    expect(other).toMatchObject({ kind: 'picture', mimeType: 'image/png' })
    const { response, bytes } = await download(other?.url ?? '')
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(await pixelOf(bytes)).toEqual([0x44, 0x55, 0x66])
  })

  test('are deleted together', async () => {
    answerWith(await makePng('#112233'), await makePng('#778899'))
    const { body } = await alice.generateAndWait({ prompt: 'both to go' })
    const [other] = await readSurplus(body.id)
    const path = join(app.dataDir, 'images', 'surplus', body.id, other?.digest ?? '')
    await access(path)
    expect((await alice.call('DELETE', `/api/images/${body.id}`)).status).toBe(204)
    expect(await readSurplus(body.id)).toEqual([])
    await expect(access(path)).rejects.toThrow()
  })
})
