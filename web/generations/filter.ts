import { GENERATION_STATUSES, type GenerationStatus } from '../../src/contract/status.ts'

/** Which generations a list shows, as the address has it; an empty string is "any". */
export type Filter = {
  status: string
  lane: string
  source: string
  errorCode: string
  owner: string
  cursor: string
}

const EMPTY: Filter = { status: '', lane: '', source: '', errorCode: '', owner: '', cursor: '' }

const names = Object.keys(EMPTY) as (keyof Filter)[]

export const parseFilter = (query: Record<string, string>): Filter =>
  Object.fromEntries(names.map((name) => [name, query[name] ?? ''])) as Filter

/** The page's own address with a filter. */
export const formatFilter = (filter: Filter): string => {
  const given = names.filter((name) => filter[name])
  const query = new URLSearchParams(given.map((name) => [name, filter[name]]))
  return given.length > 0 ? `/generations?${query}` : '/generations'
}

/** What is asked of the API. An operator sees everybody's until an owner is named. */
export const listPath = (filter: Filter, isAdmin: boolean): string => {
  const asked = { ...filter, owner: isAdmin ? filter.owner || '*' : '', limit: '25' }
  const given = Object.entries(asked).filter(([, value]) => value)
  return `/api/generations?${new URLSearchParams(given)}`
}

/** What many can be changed by at once; undefined where the filter shows none of those that `action` changes. */
export const toBulkFilter = (
  action: 'retry' | 'cancel',
  filter: Filter,
  isAdmin: boolean,
): Record<string, unknown> | undefined => {
  const asked = filter.status ? filter.status.split(',') : GENERATION_STATUSES
  const status = changeable[action].filter((one) => asked.includes(one))
  if (status.length === 0 || filter.source) return undefined
  return {
    status,
    ...(filter.lane && { lane: filter.lane }),
    ...(filter.errorCode && { errorCode: filter.errorCode }),
    ...(isAdmin && { owner: filter.owner || '*' }),
  }
}

const changeable: Record<'retry' | 'cancel', GenerationStatus[]> = {
  retry: ['failed', 'canceled'],
  cancel: ['queued', 'running'],
}
