import { createProvider, type ProviderConfig } from '../adapters/providers/create-provider.ts'
import { createLocalProvider } from '../adapters/providers/local.ts'
import { createThreadedProvider } from '../adapters/providers/threaded-provider.ts'
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
  const open = isCaller ? createThreadedProvider : openHere
  const [first = openLocal(), ...others] = listConfigs(config).map((each) => open(each))
  return {
    providers: createProviders([first.provider, ...others.map(({ provider }) => provider)], config),
    close: async () => void (await Promise.all([first, ...others].map(({ close }) => close()))),
  }
}

const openHere = (config: ProviderConfig): Opened => ({
  provider: createProvider(config),
  close: async () => {},
})

const openLocal = (): Opened => ({ provider: createLocalProvider(), close: async () => {} })

/** Gemini first, so that its model stays the default where another provider comes beside it. */
const listConfigs = ({ gemini, openai, worker, webhooks, prices }: Config): ProviderConfig[] => {
  const given = { timeoutMs: worker.generationTimeoutMs, prices }
  const { isPrivateAllowed } = webhooks
  return [
    ...(gemini
      ? [
          {
            name: 'gemini' as const,
            ...gemini,
            ...given,
            flexTimeoutMs: worker.tiers.bounds.flex.callMs,
          },
        ]
      : []),
    ...(openai ? [{ name: 'openai' as const, ...openai, ...given, isPrivateAllowed }] : []),
  ]
}
