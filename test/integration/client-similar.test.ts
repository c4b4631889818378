import { afterAll, beforeAll, expect, test } from '@jest/globals'
import {
  createImageonceClient,
  type GenerationRequestInput,
  ImageonceError,
} from '../../src/client.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { recordFetch } from '../support/client-fetch.ts'
import { meetOwner } from '../support/similar-images.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ workers: 0 })
})
afterAll(() => app.stop())

const connect = async (ownerId: string, fetch = globalThis.fetch) =>
  createImageonceClient({
    baseUrl: app.url,
    token: await app.token(ownerId),
    telemetry: false,
    fetch,
  })

test('an app says of a similar image whether it is right, and hears where there is none', async () => {
  const { ownerId, find, report } = await meetOwner(app)
  const client = await connect(ownerId)
  const id = await find('reuse')
  await client.sendFeedback(id, { accepted: false })
  await client.sendFeedback(id, { accepted: true })
  expect((await report()).precision.reuse).toMatchObject({ accepted: 1, rejected: 0 })
  const telling = client.sendFeedback(await find('reuse', { isMatch: false }), { accepted: true })
  const error = await telling.catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(ImageonceError)
  expect(error).toMatchObject({ code: 'nothing_to_judge', status: 409 })
})

test('calls that want something else of similar images share no request', async () => {
  const { fetch, calls } = recordFetch()
  const client = await connect('alice', fetch)
  const prompt = 'a boat'
  const requests: GenerationRequestInput[] = [
    { prompt },
    { prompt, similarity: 'reuse' },
    { prompt, similarity: 'off' },
    { prompt, declineSimilar: true },
  ]
  await Promise.all(
    [...requests, ...requests].map((request) => client.generate(request, { wait: 0 })),
  )
  const submissions = calls.filter(({ method }) => method === 'POST')
  const sent = submissions.map(({ body }) => JSON.parse(String(body)))
  expect(sent).toHaveLength(requests.length)
  expect(sent).toEqual(expect.arrayContaining(requests))
})
