import { AppError } from '../../../lib/errors.ts'

/** What is read of a row, by our name of it. */
export const FIELDS = [
  'time',
  'end',
  'sku',
  'skuId',
  'service',
  'project',
  'quantity',
  'unit',
  'cost',
  'roundedCost',
  'credits',
  'currency',
  'rate',
  'costType',
  'responseId',
  'model',
  'kind',
  'tier',
] as const
export type Field = (typeof FIELDS)[number]

/** Names of columns, ours first. */
export type ColumnNames = Partial<Record<Field, string>>

/** Where each field stands in a row. */
export type Columns = Partial<Record<Field, number>>

/** What exports call them, lower-case with `_` for what is neither letter nor digit; of several the first that is there. */
const KNOWN: Record<Field, readonly string[]> = {
  time: [
    'usage_start_time',
    'usage_start_date',
    'usage_date',
    'start_time_iso',
    'start_time',
    'time',
    'timestamp',
    'date',
  ],
  end: ['usage_end_time', 'usage_end_date', 'end_time_iso', 'end_time'],
  sku: ['sku_description', 'line_item', 'sku'],
  skuId: ['sku_id'],
  service: ['service_description', 'service'],
  project: ['project_id', 'project'],
  quantity: ['usage_amount', 'quantity', 'tokens'],
  unit: ['usage_unit', 'quantity_unit', 'unit'],
  cost: ['unrounded_cost', 'unrounded_subtotal', 'cost_usd', 'amount_value', 'cost', 'amount'],
  roundedCost: ['cost_rounded', 'subtotal_rounded'],
  credits: ['credits', 'credits_amount'],
  currency: ['currency', 'amount_currency'],
  rate: ['currency_conversion_rate'],
  costType: ['cost_type'],
  responseId: ['response_id', 'request_id'],
  model: ['model'],
  kind: ['token_kind', 'token_type', 'kind'],
  tier: ['service_tier', 'tier'],
}

/**
 * The columns of a header; undefined for a line that is none: it names neither a time nor a cost. `named` are those that somebody chose,
 * by their text in the header. Throws `invalid_request` where the header lacks one of those.
 */
export const findColumns = (header: readonly string[], named: ColumnNames): Columns | undefined => {
  const names = header.map(toName)
  const columns: Columns = {}
  for (const field of FIELDS) {
    const chosen = named[field]
    const at = chosen === undefined ? findKnown(names, field) : findChosen(header, chosen)
    if (at >= 0) columns[field] = at
  }
  const isHeader =
    columns.time !== undefined && (columns.cost !== undefined || columns.roundedCost !== undefined)
  if (!isHeader) return undefined
  for (const [field, name] of Object.entries(named)) {
    if (columns[field as Field] !== undefined) continue
    throw new AppError(
      'invalid_request',
      `The bill has no column "${name}" (${field}); it has ${header.map((each) => `"${each.trim()}"`).join(', ')}.`,
    )
  }
  return columns
}

const findKnown = (names: readonly string[], field: Field): number =>
  KNOWN[field].map((name) => names.indexOf(name)).find((at) => at >= 0) ?? -1

const findChosen = (header: readonly string[], chosen: string): number =>
  header.findIndex((each) => each.trim() === chosen || toName(each) === toName(chosen))

/** `Cost ($)` is what the console rounds to cents; `Unrounded Cost ($)` is not. */
const toName = (column: string): string => {
  const name = column
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
  const isRounded = /\(.*[$€£¥₹].*\)/.test(column) && !name.startsWith('unrounded')
  return isRounded ? `${name}_rounded` : name
}
