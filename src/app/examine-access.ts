import type { Explanation, Finding } from '../lib/finding.ts'
import type { Config } from './config.ts'

const MAX_SENSIBLE_TOKEN_DAYS = 7
const DAY_SECONDS = 86_400

type Advice = [isAmiss: boolean, advice: Omit<Explanation, 'kind'>]

/** What of who may call, and what for, is set less well than it could be (docs/security.md). Looks at the settings alone. */
export const examineAccess = (config: Config): Finding[] => {
  if (!config.isProduction) return []
  const amiss = listAdvice(config).filter(([isAmiss]) => isAmiss)
  if (amiss.length === 0) return [{ part: 'access', ...GOOD }]
  return amiss.map(([, advice]) => ({ part: 'access', kind: 'costly', ...advice }))
}

const GOOD: Explanation = {
  kind: 'good',
  setting: 'AUTH_*, OWNER_*, HOOK_*',
  found: 'They bound who may call, and what for.',
}

const listAdvice = ({ auth, ownerPolicy, hooks }: Config): Advice[] => {
  const sources = [...new Set(hooks.secrets.map(({ source }) => source))]
  const unbound = sources.filter((source) => !hooks.namespaces.has(source))
  const tokenDays = auth.maxTokenAgeSeconds / DAY_SECONDS
  return [
    [
      !auth.audience,
      {
        setting: 'AUTH_AUDIENCE',
        found: 'Tokens are taken whomever their issuer made them for.',
        remedy: 'Set AUTH_ISSUER and AUTH_AUDIENCE to what your issuer writes into them.',
      },
    ],
    [
      tokenDays > MAX_SENSIBLE_TOKEN_DAYS,
      {
        setting: 'AUTH_MAX_TOKEN_AGE',
        found: 'Tokens can’t be taken back, and may be good for more than a week.',
        remedy: 'Let them end sooner; what is to last is a key.',
      },
    ],
    [
      auth.jwtSecrets.length > 1,
      {
        setting: 'AUTH_JWT_SECRET',
        found: 'More than one secret holds.',
        remedy: 'Take the old one out once nothing is left that it signed.',
      },
    ],
    [
      auth.imageUrlSecrets.length === 0,
      {
        setting: 'IMAGE_URL_SECRET',
        found: 'It is derived from AUTH_JWT_SECRET: exchanging that ends all image URLs.',
        remedy: 'Set one of its own before the first app stores an image’s URL.',
      },
    ],
    [
      auth.imageUrlSecrets.length > 1,
      {
        setting: 'IMAGE_URL_SECRET',
        found: 'More than one secret holds.',
        remedy: 'Take the old one out once no app shows a URL of it any more.',
      },
    ],
    [
      !ownerPolicy.models || !ownerPolicy.sizes,
      {
        setting: ownerPolicy.models ? 'OWNER_SIZES' : 'OWNER_MODELS',
        found: 'Whoever has a token may ask for what is dearest.',
        remedy: 'Name what people need; keys have lists of their own.',
      },
    ],
    [
      unbound.length > 0 && (sources.length > 1 || auth.namespace !== undefined),
      {
        setting: 'HOOK_NAMESPACES',
        found: 'A hook source without a namespace writes for every owner that has none.',
        remedy: 'Give each its own, as source:namespace.',
      },
    ],
  ]
}
