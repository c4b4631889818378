import { z } from 'zod'
import { AppError } from '../../lib/errors.ts'
import type { SkuNames } from './accounts.ts'
import { type ColumnNames, FIELDS, type Field } from './bill/columns.ts'
import { createCalendar, type Day } from './bill/days.ts'
import type { BillProvider } from './bill/read-bill.ts'

/** How a bill is to be read, where its own columns don't say. */
export type ReconcileOptions = {
  billName: string
  by: string
  columns?: ColumnNames | undefined
  /** IANA name of the zone that its days are of. */
  zone?: string | undefined
  provider?: BillProvider | undefined
  project?: string | undefined
  skus?: SkuNames | undefined
  aside?: readonly string[] | undefined
  from?: Day | undefined
  /** Up to which day it is whole; otherwise up to the day before its last. */
  through?: Day | undefined
  isToSettle: boolean
}

/** `time=day,cost=usd`. Throws `invalid_request`. */
export const parseColumns = (text: string): ColumnNames => {
  const names: ColumnNames = {}
  for (const pair of text.split(',')) {
    const [field = '', name = ''] = pair.split('=').map((part) => part.trim())
    if (!FIELDS.includes(field as Field) || name === '') {
      throw new AppError(
        'invalid_request',
        `columns: "${pair}" must be one of ${FIELDS.join(', ')}, an equals sign and the name of a column.`,
      )
    }
    names[field as Field] = name
  }
  return names
}

/** Throws `invalid_request`. */
export const assertZone = (zone: string): void => {
  try {
    createCalendar(zone)
  } catch {
    throw new AppError('invalid_request', `zone: "${zone}" is no time zone, as Europe/Berlin is.`)
  }
}

const skuSchema = z.strictObject({
  model: z.string().min(1).optional(),
  tier: z.enum(['standard', 'flex', 'batch', 'priority']).optional(),
  kind: z
    .enum([
      'textIn',
      'imageIn',
      'cachedIn',
      'toolUse',
      'textOut',
      'thinking',
      'imageOut',
      'in',
      'out',
      'all',
    ])
    .optional(),
})

const mappingSchema = z.strictObject({
  columns: z.partialRecord(z.enum(FIELDS), z.string().min(1)).optional(),
  zone: z.string().optional(),
  provider: z.enum(['gemini', 'openai']).optional(),
  project: z.string().optional(),
  /** By id or description. */
  skus: z.record(z.string(), skuSchema).optional(),
  /** Ids or descriptions of SKUs that are not of our calls. */
  aside: z.array(z.string()).optional(),
})
export type Mapping = z.infer<typeof mappingSchema>

/** What a mapping file says. Throws `invalid_request`, naming the place. */
export const parseMapping = (text: string): Mapping => {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw new AppError('invalid_request', 'The mapping is no JSON.')
  }
  const parsed = mappingSchema.safeParse(content)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AppError('invalid_request', `The mapping: ${issue?.path.join('.')} ${issue?.message}`)
}
