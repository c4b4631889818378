import { GENERATION_STATUSES, type GenerationStatus } from '../../src/contract/status.ts'
import { toMoments } from '../find/when.ts'

/** Which generations a list shows, as the address has it; an empty string is "any". */
export type Filter = {
  q: string
  status: string
  lane: string
  source: string
  model: string
  errorCode: string
  owner: string
  /** Days where the reader is, both of them included. */
  from: string
  to: string
  minCostUsd: string
  sort: string
  cursor: string
}

const EMPTY: Filter = {
  q: '',
  status: '',
  lane: '',
  source: '',
  model: '',
  errorCode: '',
  owner: '',
  from: '',
  to: '',
  minCostUsd: '',
  sort: '',
  cursor: '',
}

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
export const listPath = (filter: Filter, isAdmin: boolean): string =>
  toPath({ ...filter, limit: '25' }, isAdmin)

/** What says how many there are in all. */
export const countPath = (filter: Filter, isAdmin: boolean): string =>
  toPath({ ...filter, sort: '', cursor: '', limit: '1', count: 'true' }, isAdmin)

const toPath = (filter: Filter & Record<string, string>, isAdmin: boolean): string => {
  const asked = { ...filter, ...toMoments(filter), owner: isAdmin ? filter.owner || '*' : '' }
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
  // What is changed must be what is seen.
  if (status.length === 0 || filter.source || filter.q || filter.minCostUsd) return undefined
  const { from, to } = toMoments(filter)
  return {
    status,
    ...(filter.lane && { lane: filter.lane }),
    ...(filter.errorCode && { errorCode: filter.errorCode }),
    ...(filter.model && { model: filter.model }),
    ...(from && { from }),
    ...(to && { to }),
    ...(isAdmin && { owner: filter.owner || '*' }),
  }
}

const changeable: Record<'retry' | 'cancel', GenerationStatus[]> = {
  retry: ['failed', 'canceled'],
  cancel: ['queued', 'running'],
}
