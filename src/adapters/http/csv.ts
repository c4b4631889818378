type Cell = string | number | null

/** Lines as RFC 4180 has them; null is an empty field. */
export const formatCsv = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((row) => `${row.map(formatCell).join(',')}\r\n`).join('')

const formatCell = (cell: Cell): string => {
  if (typeof cell !== 'string') return String(cell ?? '')
  const text = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Spreadsheets run what begins like this, also behind white space, in the full-width forms of East Asian input, and behind `;`, which some
 * take for the end of a field; the quote keeps it text (OWASP, "CSV Injection").
 */
const FORMULA = /^\s*[=+\-@;＝＋－＠]|^[\t\r\n]/
