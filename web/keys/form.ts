import type { KeyDraft } from '../../src/contract/key.ts'
import type { KeyScope, KeyVariants, UpstreamKeyRule } from '../../src/contract/vocabulary.ts'

/** What is typed. */
export type KeyForm = Record<
  | 'name'
  | 'ownerId'
  | 'namespace'
  | 'models'
  | 'sizes'
  | 'origins'
  | 'days'
  | 'perMinute'
  | 'eagerTier'
  | 'dailyUsd'
  | 'monthlyUsd',
  string
> & { scopes: KeyScope[]; variants: KeyVariants; upstreamKeys: UpstreamKeyRule | '' }

export const emptyForm: KeyForm = {
  ...{ name: '', ownerId: '', namespace: '', models: '', sizes: '', origins: '', days: '' },
  ...{ perMinute: '', eagerTier: '', dailyUsd: '', monthlyUsd: '' },
  scopes: ['read', 'generate'],
  variants: 'one',
  upstreamKeys: '',
}

const DAY_MS = 86_400_000

/** What is left empty is left out; the server says what is wrong with the rest. */
export const toDraft = (form: KeyForm): KeyDraft => {
  const { scopes, variants, upstreamKeys, name, ownerId, days, ...rest } = form
  const list = (text: string) => text.split(',').map((each) => each.trim())
  const given = <T>(text: string, parse: (text: string) => T) =>
    text.trim() === '' ? undefined : parse(text.trim())
  const draft = {
    name,
    scopes,
    variants,
    upstreamKeys: upstreamKeys === '' ? undefined : upstreamKeys,
    ownerId: given(ownerId, String),
    onBehalf: ownerId.trim() === '',
    namespace: given(rest.namespace, String),
    models: given(rest.models, list),
    sizes: given(rest.sizes, list),
    origins: given(rest.origins, list),
    expiresAt: given(days, (text) => new Date(Date.now() + Number(text) * DAY_MS).toISOString()),
    perMinute: given(rest.perMinute, Number),
    eagerTier: given(rest.eagerTier, String),
    dailyUsd: given(rest.dailyUsd, Number),
    monthlyUsd: given(rest.monthlyUsd, Number),
  }
  const set = Object.entries(draft).filter(([, value]) => value !== undefined)
  return Object.fromEntries(set) as KeyDraft
}
