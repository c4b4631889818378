import type { Database } from '../../../db/database.ts'
import type { SavingsAmounts, Statement } from '../../contract/savings.ts'
import { MONTH_PATTERN } from '../../contract/savings.ts'
import { AppError } from '../../lib/errors.ts'
import { formatUsd, toNanoUsd } from '../../lib/money.ts'
import type { DayRange } from './days.ts'
import { type ShareOf, summarizeSavings } from './savings.ts'

/** What a UTC month cost, and what it would have cost. Throws `invalid_request` for what is no month, or is yet to come. */
export const readStatement = async (
  db: Database,
  month: string,
  ownerId: string | undefined,
  shareOf: ShareOf,
): Promise<Statement> => {
  const range = daysOfMonth(month)
  const savings = await summarizeSavings(db, range, ownerId, shareOf)
  if (savings.asOf.slice(0, 7) < month && new Date().toISOString().slice(0, 7) < month) {
    throw new AppError('invalid_request', `${month} is yet to come.`)
  }
  return { month, isWhole: savings.asOf.slice(0, 10) > range.to, ...savings }
}

const daysOfMonth = (month: string): DayRange => {
  if (!MONTH_PATTERN.test(month) || month < '1970-01' || month > '9998-11') {
    throw new AppError('invalid_request', `"${month.slice(0, 20)}" is no month, as 2026-11 is.`)
  }
  const [year = 0, number = 0] = month.split('-').map(Number)
  const last = new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10)
  return { from: `${month}-01`, to: last }
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** For people. */
export const formatMarkdown = (statement: Statement): string => {
  const { month, owner, from, to, asOf, isWhole, models, method, estimatedUsd } = statement
  const name = `${MONTHS[Number(month.slice(5)) - 1]} ${month.slice(0, 4)}`
  const whose = owner === null ? 'all owners' : quote(owner)
  return `# Statement of ${name}

For ${whose}, ${from} to ${to} (UTC)${isWhole ? '' : `, so far: as of ${asOf}`}.

**Spent ${usd(statement.spendUsd)} in place of ${usd(statement.withoutUsd)}: ${usd(statement.savedUsd)} saved${percentOf(statement)}.**

| | requests | US dollars |
|---|---:|---:|
| Bought | ${statement.calls} calls, ${statement.paidCalls} paid | ${usd(statement.spendUsd)} |
| of that estimated | | ${usd(estimatedUsd)} |
| Reused: the same again (exact) | ${statement.reused.exact.count} | ${usd(statement.reused.exact.usd)} |
| Reused: while it was made (joined) | ${statement.reused.joined.count} | ${usd(statement.reused.joined.usd)} |
| Reused: a prompt that says the same (similar) | ${statement.reused.similar.count} | ${usd(statement.reused.similar.usd)} |
| Half price: less than at once | ${statement.halfPrice.calls} calls for ${usd(statement.halfPrice.spendUsd)} | ${usd(statement.halfPrice.savedUsd)} |
| **Saved** | | **${usd(statement.savedUsd)}** |
| **Without us** | | **${usd(statement.withoutUsd)}** |
| Refused at a limit | ${statement.refused.count} | ${usd(statement.refused.usd)} |
| Kept back by browsers (client) | ${statement.clientSkipped} | |

## By model

| model | calls | spent | reused | half price | saved | without us |
|---|---:|---:|---:|---:|---:|---:|
${models.map(formatModel).join('\n')}

## How these figures come about

${method.map((line) => `- ${line}`).join('\n')}
`
}

const formatModel = (each: Statement['models'][number]): string => {
  const { exact, joined, similar } = each.reused
  const cells = [
    quote(each.model),
    each.calls,
    usd(each.spendUsd),
    `${exact.count + joined.count + similar.count} for ${usd(sumUsd(exact.usd, joined.usd, similar.usd))}`,
    usd(each.halfPrice.savedUsd),
    usd(each.savedUsd),
    usd(each.withoutUsd),
  ]
  return `| ${cells.join(' | ')} |`
}

const sumUsd = (...amounts: number[]): number =>
  amounts.reduce((sum, amount) => sum + toNanoUsd(amount), 0) / 1e9

/** The very amount, to the billionth. */
const usd = (amount: number): string => `$${formatUsd(toNanoUsd(amount))}`

const percentOf = ({ savedUsd, withoutUsd }: Statement): string =>
  withoutUsd > 0 ? ` (${((100 * savedUsd) / withoutUsd).toFixed(1)} %)` : ''

/** Names that somebody chose break no table, and are no markup. */
const quote = (name: string): string =>
  `\`${name
    .replace(/[\r\n]+/g, ' ')
    .replaceAll('`', "'")
    .replaceAll('|', '\\|')}\``

type Cell = string | number

/** For sheets: a line for each figure, of all models together (`all`) and of each. */
export const listStatementRows = (statement: Statement): Cell[][] => {
  const { month, owner, models } = statement
  const whose = owner ?? 'all owners'
  const lines = [{ ...statement, model: 'all' }, ...models].flatMap((each) =>
    listFigures(each).map(([figure, count, amount]) => [
      month,
      whose,
      each.model,
      figure,
      count,
      amount === '' ? '' : formatUsd(toNanoUsd(amount)),
    ]),
  )
  return [['month', 'owner', 'model', 'figure', 'count', 'usd'], ...lines]
}

const listFigures = (each: SavingsAmounts): [string, number | '', number | ''][] => [
  ['bought', each.calls, each.spendUsd],
  ['bought_paid', each.paidCalls, ''],
  ['reused_exact', each.reused.exact.count, each.reused.exact.usd],
  ['reused_joined', each.reused.joined.count, each.reused.joined.usd],
  ['reused_similar', each.reused.similar.count, each.reused.similar.usd],
  ['half_price', each.halfPrice.calls, each.halfPrice.savedUsd],
  ['half_price_spent', each.halfPrice.calls, each.halfPrice.spendUsd],
  ['saved', '', each.savedUsd],
  ['without_us', '', each.withoutUsd],
  ['refused_at_limit', each.refused.count, each.refused.usd],
  ['kept_back_by_browsers', each.clientSkipped, ''],
]
