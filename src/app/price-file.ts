import { readFileSync } from 'node:fs'
import { z } from 'zod'
import {
  builtInFile,
  mergePrices,
  type PriceTable,
  parsePriceFile,
} from '../adapters/providers/price-table.ts'
import { messageOf } from '../lib/errors.ts'
import { findCode } from '../lib/finding.ts'
import { textSchema } from './setting-values.ts'

/** A file of prices, read when the settings are: what is built in, with its own in place of that. */
export const priceFileSchema = textSchema.transform((path, context): PriceTable => {
  try {
    return mergePrices(builtInFile, readPriceFile(path))
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
    return z.NEVER
  }
})

const readPriceFile = (path: string) => {
  const text = orSay(`names ${path}, which can’t be read`, () => readFileSync(path, 'utf8'))
  const content: unknown = orSay(`names ${path}, which must be JSON`, () => JSON.parse(text))
  return orSay(`names ${path}, in which something is wrong`, () => parsePriceFile(content))
}

/** What `read` returns. Throws an `Error` that says what it is about, and why, in one line. */
const orSay = <T>(about: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    const code = findCode(error)
    const why = (code ?? messageOf(error)).replace(/\s+/g, ' ')
    throw new Error(`${about}: ${why}`, { cause: error })
  }
}
