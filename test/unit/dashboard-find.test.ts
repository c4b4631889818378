import { expect, test } from '@jest/globals'
import { splitTime, toMoments } from '../../web/find/when.ts'

const NOW = new Date(2026, 10, 28, 15)

test.each([
  ['lighthouse', 'lighthouse', '', ''],
  ['lighthouse yesterday', 'lighthouse', '2026-11-27', '2026-11-27'],
  ['Yesterday', '', '2026-11-27', '2026-11-27'],
  ['figs today in oil', 'figs in oil', '2026-11-28', '2026-11-28'],
  ['last week', '', '2026-11-21', '2026-11-28'],
  ['yesterdays', 'yesterdays', '', ''],
])('“%s” is the words “%s” from %s to %s', (typed, text, from, to) => {
  expect(splitTime(typed, NOW)).toEqual({ text, days: { from, to } })
})

test('days are whole, where the reader is', () => {
  const { from, to } = toMoments({ from: '2026-11-27', to: '2026-11-27' })
  expect(Date.parse(to) - Date.parse(from)).toBe(86_400_000)
  expect(new Date(from).getHours()).toBe(0)
  expect(toMoments({ from: '', to: 'soon' })).toEqual({ from: '', to: '' })
})
