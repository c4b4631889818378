import { createGeminiProvider } from '../../src/adapters/providers/gemini.ts'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import type { ProviderRequest } from '../../src/generation/ports.ts'
import { ProviderError } from '../../src/lib/errors.ts'
import type { GeminiServer } from './gemini-server.ts'

export const PROMPT = 'a heron in the reeds, private words'
export const KEY = 'key-that-nobody-may-see'

export const aRequest: ProviderRequest = {
  prompt: PROMPT,
  transformation: 'generate',
  model: 'gemini-nano-banana-2.1',
  imageSize: '1K',
  conditionImages: [],
}

/** The adapter under test, before the stand-in. */
export const createTestProvider = (
  server: Pick<GeminiServer, 'url'>,
  overrides: { baseUrl?: string; timeoutMs?: number; flexTimeoutMs?: number; apiKey?: string } = {},
) =>
  createGeminiProvider({
    apiKey: KEY,
    model: 'gemini-nano-banana-2.1',
    baseUrl: server.url,
    timeoutMs: 10_000,
    flexTimeoutMs: 10_000,
    prices: builtInPrices,
    ...overrides,
  })

/** What a call that must fail failed with. */
export const failureOf = async (result: Promise<unknown>): Promise<ProviderError> => {
  const error = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ProviderError)) throw new Error('not a ProviderError', { cause: error })
  return error
}
