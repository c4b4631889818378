import type { GenerationRow } from '../../db/schema.ts'
import type { Callee, Provider, Providers } from './ports.ts'
import { describeRoute, type Route } from './routes.ts'
import type { LimitedModel } from './state/model-limits.ts'

type Settings = { defaultModel?: string | undefined; routes?: readonly Route[] | undefined }

/**
 * What several providers are together, with routes over their models. `defaultModel`: a model or a route; that of the first provider unless given.
 * Throws `Error` for a route of a model that none of them has.
 */
export const createProviders = (
  list: Providers['list'],
  { defaultModel = list[0].defaultModel, routes = [] }: Settings = {},
): Providers => {
  const own = list.flatMap((provider) => provider.models)
  const models = [...own, ...routes.map((route) => describeRoute(route, own))]
  const isDefault = ({ name }: { name: string }) => name === defaultModel
  return {
    list,
    routes,
    defaultModel,
    models: [...models.filter(isDefault), ...models.filter((model) => !isDefault(model))],
    find: (name) => list.find((provider) => provider.name === name),
  }
}

/** The same, each changed. */
export const mapProviders = (
  { list: [first, ...others], ...settings }: Providers,
  change: (provider: Provider) => Provider,
): Providers => createProviders([change(first), ...others.map(change)], settings)

/** A generation, as far as it says who is to be called. */
export type Wanted = Pick<GenerationRow, 'provider' | 'model'> &
  Partial<Pick<GenerationRow, 'calledProvider' | 'calledModel'>>

/**
 * Where the call of a generation may go, in the order in which it is tried. Once a call of a route may have charged it is that model alone, so that
 * nothing is bought twice over. Empty where none of it is of this process.
 */
export const listCallees = (
  { find, list, routes }: Pick<Providers, 'find' | 'list' | 'routes'>,
  { provider, model, calledProvider, calledModel }: Wanted,
): Callee[] => {
  if (calledProvider && calledModel) return toCallee(find(calledProvider), calledModel)
  if (provider !== 'route') return toCallee(find(provider), model)
  const names = routes.find(({ name }) => name === model)?.models ?? []
  const findMaker = (wanted: string) =>
    list.find(({ models }) => models.some(({ name }) => name === wanted))
  return names.flatMap((name) => toCallee(findMaker(name), name))
}

const toCallee = (provider: Provider | undefined, model: string): Callee[] =>
  provider ? [{ provider, model }] : []

/** Whose limits calls count against, by provider. */
export const accountsOf = ({ list }: Pick<Providers, 'list'>): Record<string, string> =>
  Object.fromEntries(list.map(({ name, account }) => [name, account]))

/** Whose limit it is that a call meets. */
export const limitedBy = ({ provider, model }: Callee): LimitedModel => ({
  provider: provider.name,
  account: provider.account,
  model,
})
