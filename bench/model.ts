import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import sharp from 'sharp'
import type { Disposables } from '../src/app/disposables.ts'
import { answerOf } from '../test/support/gemini-answers.ts'

const SIDE = 1_024
const PICTURES = 4

/**
 * An image model that answers each call with a picture of 1024 by 1024 as png, made beforehand. While it holds, calls wait until
 * `release`, which answers all of them at once and says when.
 */
export const startModel = async (push: Disposables['push']) => {
  const pictures = await Promise.all(Array.from({ length: PICTURES }, makePicture))
  const answers = pictures.map((png) => {
    const inlineData = { mimeType: 'image/png', data: png.toString('base64') }
    return JSON.stringify(answerOf([{ inlineData }]))
  })
  let [calls, isHolding] = [0, false]
  const waiting: ServerResponse[] = []
  const send = (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(answers[calls++ % PICTURES])
  }
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      if (isHolding) waiting.push(response)
      else send(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  push(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    megabytes: (pictures[0]?.length ?? 0) / 1e6,
    countWaiting: () => waiting.length,
    hold: () => {
      isHolding = true
    },
    /** Milliseconds since 1970. */
    release: (): number => {
      isHolding = false
      const releasedAt = Date.now()
      for (const response of waiting.splice(0)) send(response)
      return releasedAt
    },
  }
}

/** Soft shapes under some grain: as large as such a picture of a model is, and as slow to decode. */
const makePicture = async (): Promise<Buffer> => {
  const channels = 3 as const
  const shapes = Buffer.from(Array.from({ length: 16 * 16 * 3 }, () => Math.random() * 200))
  const grain = { type: 'gaussian' as const, mean: 8, sigma: 2 }
  const noise = { width: SIDE, height: SIDE, channels, background: '#000', noise: grain }
  const overlay = await sharp({ create: noise }).greyscale().toColourspace('srgb').png().toBuffer()
  return sharp(shapes, { raw: { width: 16, height: 16, channels } })
    .resize(SIDE, SIDE, { kernel: 'cubic' })
    .composite([{ input: overlay, blend: 'add' }])
    .png({ adaptiveFiltering: true })
    .toBuffer()
}
