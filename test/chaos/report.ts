import type { Result } from './result.ts'

/** One line each: where, what, the figures with their limits in brackets, and whether they keep to them. */
export const printResults = (results: readonly Result[]): void => {
  const rows = results.map(({ scenario, backend, what, measured, ok }) => [
    scenario,
    backend,
    what,
    ok ? 'PASS' : 'BREACH',
    measured,
  ])
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  for (const row of rows) {
    console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  }
  const breaches = results.filter(({ ok }) => !ok)
  for (const { scenario, backend, what, details } of breaches) {
    console.log(`\n${scenario} on ${backend}, ${what}`)
    for (const detail of details) console.log(detail)
  }
  console.log(breaches.length === 0 ? 'No breach.' : `${breaches.length} breaches.`)
}
