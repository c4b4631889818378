import { createGeminiProvider } from '../adapters/providers/gemini.ts'
import { createLocalProvider } from '../adapters/providers/local.ts'
import { createThreadedGemini } from '../adapters/providers/threaded-gemini.ts'
import type { Provider, Providers } from '../generation/ports.ts'
import { createProviders } from '../generation/providers.ts'
import type { Config } from './config.ts'

type Opened = { provider: Provider; close: () => Promise<void> }

/**
 * The providers that the settings name, the local renderer where they name none. `isCaller`: this process calls them, each in a thread of
 * its own. `close` ends the threads.
 */
export const openProviders = (
  config: Config,
  { isCaller = false } = {},
): { providers: Providers; close: () => Promise<void> } => {
  const named = [openGemini(config, isCaller)].filter((each) => each !== undefined)
  const [first = { provider: createLocalProvider(), close: async () => {} }, ...others] = named
  const opened: [Opened, ...Opened[]] = [first, ...others]
  return {
    providers: createProviders([first.provider, ...others.map(({ provider }) => provider)]),
    close: async () => void (await Promise.all(opened.map(({ close }) => close()))),
  }
}

const openGemini = ({ gemini, worker, prices }: Config, isCaller: boolean): Opened | undefined => {
  if (!gemini) return undefined
  const given = { ...gemini, timeoutMs: worker.generationTimeoutMs, prices }
  return isCaller
    ? createThreadedGemini(given)
    : { provider: createGeminiProvider(given), close: async () => {} }
}
