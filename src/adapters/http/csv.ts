type Cell = string | number | null

/** Lines as RFC 4180 has them; null is an empty field. */
export const formatCsv = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((row) => `${row.map(formatCell).join(',')}\r\n`).join('')

const formatCell = (cell: Cell): string => {
  if (typeof cell !== 'string') return String(cell ?? '')
  const text = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Spreadsheets run what begins like this; the quote keeps it text (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r\n]/
