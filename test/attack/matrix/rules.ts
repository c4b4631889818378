import type { Mount } from '../mounts.ts'
import type { Identity, Standing } from './identities.ts'

/**
 * Whom a route is for. `own`: its answer is about the caller. `object`: about what the path names, for its owner and
 * operators; `private object`: for its owner alone. `secret`: for who has a secret that is nobody's token; `link`: for who was given a
 * signed address. `image`: as an
 * object, and a stranger is told no more than anybody else. `sign-in`: a token is shown here, and it is a wrong one.
 * `person`: as `own`, and for no key. `nothing`: there
 * is nothing, which a key is not told; `nothing for operators`: nor are others.
 */
export type Access =
  | 'anyone'
  | 'own'
  | 'person'
  | 'object'
  | 'private object'
  | 'operator'
  | 'secret'
  | 'link'
  | 'sign-in'
  | 'image'
  | 'nothing'
  | 'nothing for operators'

/** The class of an answer: `passes` is every one that is about the request itself, good or bad. */
export type Verdict = 'passes' | 'signed out' | 'forbidden' | 'hidden'

/** The first that matches; a route that none does fails. */
const RULES: readonly [route: RegExp, access: Access][] = [
  [/ \/(livez|readyz|openapi\.json)$/, 'anyone'],
  [/^post \/api\/session$/, 'sign-in'],
  [/ \/api\/session$/, 'anyone'],
  [/ \/api\/session\/\*$/, 'nothing'],
  [/ \/metrics$/, 'secret'],
  [/ \/api\/hooks\//, 'secret'],
  [/ \/images\/\{file\}$/, 'image'],
  [/^get \/admin\/queues\/\*$/, 'operator'],
  [/ \/admin\/queues\/\*$/, 'nothing for operators'],
  [/ \/api\/(status|settings|alerts|alerts\/history|analytics\/owners(\.csv)?)$/, 'operator'],
  [/ \/api\/(keys|sessions\/end|spending\/(pause|resume))$/, 'operator'],
  [/ \/api\/budgets(\/\{scope\})?$/, 'operator'],
  [/ \/api\/spending$/, 'own'],
  [/ \/api\/keys\/(\{id\}|\*)$/, 'nothing for operators'],
  [/ \/api\/(me\/erasure|\*)$/, 'nothing'],
  [/ \/api\/me(\/export|\/sessions)?$/, 'person'],
  [/ \/api\/owners\/\{id\}\/erasure$/, 'nothing for operators'],
  [/ \/api\/owners\/\{id\}(\/export)?$/, 'operator'],
  [/ \/api\/images\/\{id\}\/(url|receipt(\/link)?)$/, 'object'],
  [/ \/api\/receipts\/\{id\}$/, 'link'],
  [/ \/api\/webhooks\/\{id\}\/rotate-secret$/, 'private object'],
  [/ \/api\/(images|saved-items)\/\{id\}$/, 'private object'],
  [/ \/api\/(generations|webhooks)\/\{id\}/, 'object'],
  [/ \/api\/(info|visualize|generations|images|saved-items|webhooks|telemetry)(\/[a-z]+)?$/, 'own'],
  [/ \/api\/analytics\/(summary|timeseries|savings)$/, 'own'],
  [/ \/api\/find$/, 'own'],
  [/ \/api\/statements\/\{file\}$/, 'own'],
  [/ \/api\/reconciliations$/, 'operator'],
  [/ \/api\/reconciliations\/(\{id\}|\*)$/, 'nothing for operators'],
  [/ \/api\/batches$/, 'operator'],
  [/ \/api\/batches\/(\{id\}\/cancel|\*)$/, 'nothing for operators'],
  [/ \/api\/similarity(\/checks)?$/, 'own'],
  [/ \/gemini\/\{version\}\/models/, 'own'],
  [/ \/openai\/v1\/(images|models)/, 'own'],
  [/ \/openai\/\*$/, 'nothing'],
  [/ \/fal\/\.well-known\/jwks\.json$/, 'anyone'],
  [/ \/fal\/\*$/, 'nothing'],
  [/ \/fal\/(run\/)?\{owner\}\/\{app\}$/, 'own'],
  [/ \/fal\/\{owner\}\/\{app\}\/requests\/\{id\}/, 'object'],
]

export const findAccess = ({ method, path }: Mount): Access | undefined =>
  RULES.find(([route]) => route.test(`${method} ${path}`))?.[1]

const VERDICTS: Record<Access, Record<Exclude<Standing, 'page of another site'>, Verdict>> = {
  anyone: { nobody: 'passes', owner: 'passes', other: 'passes', operator: 'passes' },
  own: { nobody: 'signed out', owner: 'passes', other: 'passes', operator: 'passes' },
  person: { nobody: 'signed out', owner: 'passes', other: 'passes', operator: 'passes' },
  object: { nobody: 'signed out', owner: 'passes', other: 'hidden', operator: 'passes' },
  'private object': { nobody: 'signed out', owner: 'passes', other: 'hidden', operator: 'hidden' },
  operator: { nobody: 'signed out', owner: 'forbidden', other: 'forbidden', operator: 'passes' },
  secret: {
    nobody: 'signed out',
    owner: 'signed out',
    other: 'signed out',
    operator: 'signed out',
  },
  link: { nobody: 'hidden', owner: 'hidden', other: 'hidden', operator: 'hidden' },
  'sign-in': {
    nobody: 'signed out',
    owner: 'signed out',
    other: 'signed out',
    operator: 'signed out',
  },
  image: { nobody: 'hidden', owner: 'passes', other: 'hidden', operator: 'passes' },
  nothing: { nobody: 'signed out', owner: 'hidden', other: 'hidden', operator: 'hidden' },
  'nothing for operators': {
    nobody: 'signed out',
    owner: 'forbidden',
    other: 'forbidden',
    operator: 'hidden',
  },
}

/** A page of another site may read, since browsers keep the answer from it, and never act. */
export const verdictOf = (
  access: Access,
  { standing, isKey = false }: Pick<Identity, 'standing' | 'isKey'>,
  method: string,
): Verdict => {
  if (isKey && (access === 'person' || access === 'nothing')) return 'forbidden'
  if (standing !== 'page of another site') return VERDICTS[access][standing]
  const isSafe = method === 'get' || method === 'head'
  return isSafe || access === 'secret' ? VERDICTS[access].owner : 'forbidden'
}

const STATUSES: Record<Exclude<Verdict, 'passes'>, number> = {
  'signed out': 401,
  forbidden: 403,
  hidden: 404,
}

export const keepsTo = (verdict: Verdict, status: number): boolean =>
  verdict === 'passes'
    ? status < 500 && !Object.values(STATUSES).includes(status)
    : status === STATUSES[verdict]
