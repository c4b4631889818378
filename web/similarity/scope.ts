/** Whose matches the page shows and which of them, as the address has it; an empty string is "any". */
export type Scope = { owner: string; verdict: string; mode: string }

/** What nobody has judged comes first: it is what the page is opened for. */
const FIRST: Scope = { owner: '', verdict: 'pending', mode: '' }
/** In the address, for matches with any verdict. */
const ANY = 'any'
/** As the API has it. */
const EVERYBODY = '*'

const names = Object.keys(FIRST) as (keyof Scope)[]

export const parseScope = (query: Record<string, string>): Scope => {
  const scope = Object.fromEntries(names.map((name) => [name, query[name] ?? FIRST[name]])) as Scope
  return {
    ...scope,
    owner: scope.owner === EVERYBODY ? '' : scope.owner,
    verdict: scope.verdict === ANY ? '' : scope.verdict,
  }
}

/** The page's own address. */
export const formatScope = (scope: Scope): string => {
  const written = { ...scope, verdict: scope.verdict || ANY }
  const given = names.filter((name) => written[name] !== FIRST[name])
  const query = new URLSearchParams(given.map((name) => [name, written[name]]))
  return given.length > 0 ? `/similarity?${query}` : '/similarity'
}

/** What is asked of the API. An operator sees everybody's until an owner is named. */
export const reportPath = ({ owner }: Scope, isAdmin: boolean): string =>
  `/api/similarity${isAdmin ? `?${new URLSearchParams({ owner: owner || EVERYBODY })}` : ''}`

export const checksPath = ({ owner, verdict, mode }: Scope, isAdmin: boolean): string => {
  const asked = { limit: '12', verdict, mode, owner: isAdmin ? owner || EVERYBODY : '' }
  const given = Object.entries(asked).filter(([, value]) => value)
  return `/api/similarity/checks?${new URLSearchParams(given)}`
}
