import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { examineGemini } from '../../src/adapters/providers/examine.ts'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import { createGeminiEmbedder } from '../../src/features/similarity/embeddings/gemini.ts'
import { aRequest, createTestProvider, failureOf, KEY } from '../support/gemini-provider.ts'
import { startHttpServer, type TestServer } from '../support/http-server.ts'

let elsewhere: TestServer
let redirecting: TestServer
/** All that another origin was told. */
const told: unknown[] = []
let status = 307

beforeAll(async () => {
  elsewhere = await startHttpServer((request, response) => {
    told.push([request.url, request.headers['x-goog-api-key']])
    response.end('{}')
  })
  redirecting = await startHttpServer((_request, response) => {
    response.writeHead(status, { location: `${elsewhere.url}/elsewhere` }).end()
  })
})
afterAll(async () => {
  await redirecting.close()
  await elsewhere.close()
})

test.each([301, 302, 303, 307, 308])(
  'a redirect (%i) takes neither key nor prompt to another origin',
  async (each) => {
    status = each
    const { signal } = new AbortController()
    const failure = await failureOf(createTestProvider(redirecting).call(aRequest, signal))
    expect(failure).toMatchObject({ code: 'overloaded' })
    const embedder = createGeminiEmbedder({
      ...{ apiKey: KEY, baseUrl: redirecting.url, model: 'gemini-embedding-001', dimensions: 512 },
      prices: builtInPrices,
    })
    await expect(embedder.embed(['a prompt'], signal)).rejects.toThrow()
    await examineGemini({ apiKey: KEY, baseUrl: redirecting.url, model: 'any' })
    expect(told).toEqual([])
  },
)

test('what is not an SDK’s own is led on as ever', async () => {
  status = 302
  expect((await fetch(redirecting.url)).ok).toBe(true)
  expect(told).toEqual([['/elsewhere', undefined]])
})
