import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { ProviderRequest } from '../../src/generation/ports.ts'
import { usageMetadata } from '../support/gemini-answers.ts'
import { aRequest, createTestProvider, failureOf, KEY } from '../support/gemini-provider.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'

let server: GeminiServer
beforeAll(async () => {
  server = await startGeminiServer({ apiKey: KEY })
})
afterEach(() => server.reset())
afterAll(() => server.close())

const call = (
  request: Partial<ProviderRequest> = {},
  settings?: Parameters<typeof createTestProvider>[1],
) => createTestProvider(server, settings).call({ ...aRequest, ...request }, AbortSignal.any([]))

/** What the stand-in counts, at the default model's prices. */
const STANDARD_NANO_USD = 33_618_000
const FLEX_NANO_USD = 16_809_000

describe('a call at the flex tier', () => {
  test('says so at the root of its body, with how long it waits, and costs half', async () => {
    const { costNanoUsd, receipt } = await call({ tier: 'flex' }, { flexTimeoutMs: 900_000 })
    expect(server.calls).toMatchObject([{ tier: 'flex', patienceSeconds: 900 }])
    expect(costNanoUsd).toBe(FLEX_NANO_USD)
    expect(receipt).toMatchObject({ tier: 'flex' })
  })

  test('that is served as standard costs what standard costs, whichever way that is said', async () => {
    server.behave({ kind: 'image', served: 'standard' })
    const told = await call({ tier: 'flex' })
    expect(told).toMatchObject({ costNanoUsd: STANDARD_NANO_USD, receipt: { tier: 'standard' } })
    for (const said of [{ serviceTier: 'STANDARD' }, { trafficType: 'ON_DEMAND' }]) {
      server.behave({ kind: 'image', served: false, usage: { ...usageMetadata, ...said } })
      const counted = await call({ tier: 'flex' })
      expect(counted).toMatchObject({
        costNanoUsd: STANDARD_NANO_USD,
        receipt: { tier: 'standard' },
      })
    }
    server.behave({
      kind: 'image',
      served: false,
      usage: { ...usageMetadata, serviceTier: 'flex' },
    })
    expect(await call()).toMatchObject({ costNanoUsd: FLEX_NANO_USD, receipt: { tier: 'flex' } })
  })

  test.each([false, 'quantum'] as const)(
    'of whose tier the answer says %s is priced as it was asked for',
    async (served) => {
      server.behave({ kind: 'image', served })
      const { costNanoUsd, receipt } = await call({ tier: 'flex' })
      expect(costNanoUsd).toBe(FLEX_NANO_USD)
      expect(receipt).not.toHaveProperty('tier')
    },
  )

  test('has a patience of its own, which is that of no other', async () => {
    server.behave({ kind: 'delay', ms: 300 })
    const hasty = { timeoutMs: 100, flexTimeoutMs: 10_000 }
    expect(await call({ tier: 'flex' }, hasty)).toMatchObject({ costNanoUsd: FLEX_NANO_USD })
    const late = await failureOf(call({}, hasty))
    expect(late.code).toBe('timeout')
    server.behave({ kind: 'hang' })
    const gone = await failureOf(call({ tier: 'flex' }, { flexTimeoutMs: 150 }))
    expect(gone.code).toBe('timeout')
  })

  test('of a model that is not said to have the tier is priced as those that have it', () => {
    const { estimateNanoUsd } = createTestProvider(server)
    expect(estimateNanoUsd('gemini-nano-banana-2.1', '1K', 'flex')).toBe(20_175_000)
    expect(estimateNanoUsd('gemini-3-pro-image', '1K', 'batch')).toBe(
      estimateNanoUsd('gemini-3-pro-image', '1K') / 2,
    )
  })
})

test('a call at the standard tier says nothing of tiers', async () => {
  await call()
  expect(server.calls[0]?.body).not.toHaveProperty('service_tier')
  expect(server.calls[0]?.patienceSeconds).toBeUndefined()
})
