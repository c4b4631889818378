import type { ProviderName } from '../contract/vocabulary.ts'
import type { Callee, Provider, Providers } from './ports.ts'
import type { LimitedModel } from './state/model-limits.ts'

/** What several providers are together. `defaultModel`: that of the first unless given. */
export const createProviders = (
  list: readonly [Provider, ...Provider[]],
  defaultModel: string = list[0].defaultModel,
): Providers => {
  const models = list.flatMap((provider) => provider.models)
  const isDefault = ({ name }: { name: string }) => name === defaultModel
  return {
    list,
    defaultModel,
    models: [...models.filter(isDefault), ...models.filter((model) => !isDefault(model))],
    find: (name) => list.find((provider) => provider.name === name),
  }
}

/** The same, each changed. */
export const mapProviders = (
  { list: [first, ...others], defaultModel }: Providers,
  change: (provider: Provider) => Provider,
): Providers => createProviders([change(first), ...others.map(change)], defaultModel)

/** Where the call of a generation goes; undefined where its provider is not of this process. */
export const findCallee = (
  { find }: Pick<Providers, 'find'>,
  { provider: name, model }: { provider: ProviderName; model: string },
): Callee | undefined => {
  const provider = find(name)
  return provider && { provider, model }
}

/** Whose limit it is that a call meets. */
export const limitedBy = ({ provider, model }: Callee): LimitedModel => ({
  provider: provider.name,
  account: provider.account,
  model,
})
