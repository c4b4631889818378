import type { OwnerSort } from '../../contract/analytics.ts'

/** By what owners are sorted, as the address and the API have it. */
export type Order = { sort: OwnerSort; isAscending: boolean }

/** The columns that the API can sort by, under their names on the page. */
export const columnNames: Record<OwnerSort, string> = {
  owner: 'Owner',
  spend: 'Spent',
  saved: 'Not spent',
  reuseRate: 'Reuse rate',
  successRate: 'Success rate',
  total: 'Requests',
}

export const parseOrder = ({ sort = '', order }: Record<string, string>): Order => {
  const known = isSort(sort) ? sort : 'spend'
  return { sort: known, isAscending: order ? order === 'asc' : known === 'owner' }
}

export const formatOrder = ({ sort, isAscending }: Order): string =>
  `sort=${sort}&order=${isAscending ? 'asc' : 'desc'}`

export const findSort = (columnName: string): OwnerSort =>
  (Object.keys(columnNames) as OwnerSort[]).find((sort) => columnNames[sort] === columnName) ??
  'spend'

const isSort = (word: string): word is OwnerSort => word in columnNames
