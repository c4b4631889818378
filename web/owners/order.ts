import type { OwnerSort } from '../../src/contract/analytics.ts'

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

/** What one looks for first in a column: the most, and names from A. */
export const orderOf = (sort: OwnerSort): Order => ({ sort, isAscending: sort === 'owner' })

export const parseOrder = ({ sort = '', order }: Record<string, string>): Order => {
  const standard = orderOf(isSort(sort) ? sort : 'spend')
  return order ? { ...standard, isAscending: order === 'asc' } : standard
}

export const formatOrder = ({ sort, isAscending }: Order): string =>
  `sort=${sort}&order=${isAscending ? 'asc' : 'desc'}`

export const findSort = (columnName: string): OwnerSort =>
  (Object.keys(columnNames) as OwnerSort[]).find((sort) => columnNames[sort] === columnName) ??
  'spend'

const isSort = (word: string): word is OwnerSort => word in columnNames
