import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

export type Column<Row> = {
  name: string
  cell: (row: Row) => ComponentChildren
  /** Makes the column one that rows can be sorted by; `server` where the rows are one page of many. */
  sortBy?: ((row: Row) => string | number) | 'server'
  isNumber?: boolean
  /** The cell that stands for its row where the screen is narrow, above the others and without the column's name. */
  isTitle?: boolean
}

export type Sorting = { name: string; isAscending: boolean }

/** Rows under named columns; on a narrow screen, one block a row. `caption` is for who does not see it. */
export const Table = <Row,>({
  caption,
  columns,
  rows,
  keyOf,
  isCompact,
  sortedBy,
  onSort,
}: {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
  /** Short values only: on a narrow screen two of them stand side by side. */
  isCompact?: boolean
  /** How rows are sorted at first, with `onSort` now; absent: as they come. */
  sortedBy?: Sorting
  /** Hears of another order, so that the server can be asked for it. */
  onSort?: (sorting: Sorting) => void
}) => {
  const [chosen, setChosen] = useState(sortedBy)
  const sorting = onSort ? sortedBy : chosen
  return (
    <div class="table-box">
      <table class={isCompact ? 'table is-compact' : 'table'}>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <ColumnHeader
                key={column.name}
                column={column}
                sorting={sorting}
                onSort={onSort ?? setChosen}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {sortRows(rows, columns, sorting).map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.name} class={classOf(column)} data-label={column.name}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const ColumnHeader = <Row,>({
  column: { name, sortBy, isNumber = false },
  sorting,
  onSort,
}: {
  column: Column<Row>
  sorting: Sorting | undefined
  onSort: (sorting: Sorting) => void
}) => {
  const isSorted = sorting?.name === name
  const isAscending = isSorted ? sorting.isAscending : isNumber
  const order = isAscending ? 'ascending' : 'descending'
  return (
    <th
      scope="col"
      class={isNumber ? 'is-number' : undefined}
      aria-sort={isSorted ? order : undefined}
    >
      {sortBy ? (
        <button type="button" onClick={() => onSort({ name, isAscending: !isAscending })}>
          {name}
          <Icon name="down" />
        </button>
      ) : (
        name
      )}
    </th>
  )
}

const classOf = ({ isNumber, isTitle }: Column<never>): string | undefined => {
  if (isTitle) return 'is-title'
  return isNumber ? 'is-number' : undefined
}

const sortRows = <Row,>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sorting: Sorting | undefined,
): readonly Row[] => {
  const sortBy = columns.find(({ name }) => name === sorting?.name)?.sortBy
  if (!sortBy || sortBy === 'server') return rows
  const sign = sorting?.isAscending ? 1 : -1
  return rows.toSorted((a, b) => {
    const [left, right] = [sortBy(a), sortBy(b)]
    return left === right ? 0 : sign * (left < right ? -1 : 1)
  })
}
