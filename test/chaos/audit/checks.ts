import { atMost, type Check, exactly } from '../result.ts'
import type { Stack } from '../stack.ts'
import type { Facts } from './audit.ts'
import { groupBy } from './group-by.ts'

const MAX_PAID_CALLS = 3

/** What must be true of any generations, whatever happened to the processes. */
export const checkAlways = (
  { crashes }: Pick<Stack, 'crashes'>,
  facts: readonly Facts[],
): Check[] => [
  exactly('crashes', crashes.length, 0),
  exactly(
    'lost',
    countOf(facts, (each) => !each.isTerminal),
    0,
  ),
  atMost('rows a prompt', countRowsOfOnePrompt(facts), 1),
  exactly(
    'wrong images',
    countOf(facts, (each) => !each.isShownRight),
    0,
  ),
  exactly(
    'not ended once',
    countOf(facts, (each) => !each.isEndedOnce),
    0,
  ),
  exactly(
    'calls without intent',
    sumOf(facts, (each) => each.callsWithoutIntent),
    0,
  ),
  atMost('most paid', maxOf(facts, paidInOneLife), MAX_PAID_CALLS),
]

/** Charged calls beyond the one that each generation is worth. */
export const countExtraCalls = (facts: readonly Facts[]): number =>
  sumOf(facts, ({ chargedCalls }) => Math.max(0, chargedCalls - 1))

/** By our books and by the provider's; the cap begins anew when a failed one is asked for again. */
const paidInOneLife = ({ paidCalls, chargedCalls, lives }: Facts): number =>
  Math.max(paidCalls, Math.ceil(chargedCalls / Math.max(1, lives)))

const countRowsOfOnePrompt = (facts: readonly Facts[]): number =>
  maxOf([...groupBy(facts, ({ prompt }) => prompt).values()], (rows) => rows.length)

export const countOf = <T>(items: readonly T[], is: (item: T) => boolean): number =>
  items.filter(is).length

const sumOf = <T>(items: readonly T[], amountOf: (item: T) => number): number =>
  items.reduce((sum, item) => sum + amountOf(item), 0)

const maxOf = <T>(items: readonly T[], amountOf: (item: T) => number): number =>
  items.reduce((max, item) => Math.max(max, amountOf(item)), 0)
