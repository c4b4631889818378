import { z } from 'zod'

/* How a setting's text is read, and what is said where it is wrong. */

export const textSchema = z.string().trim().min(1, 'must not be empty')
export const urlSchema = (protocols: RegExp) =>
  z.url({
    protocol: protocols,
    error: `must be a URL (${protocols.source.replace(/[\^$?()]/g, '')})`,
  })
export const integerSchema = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a whole number from ${min} to ${max}`)

/** Keys bind for a day: what is younger may be asked for by its key. */
export const daysSchema = integerSchema(2, 36_500)

export const httpUrlSchema = urlSchema(/^https?$/)

export const metricsTokenSchema = z
  .string()
  .regex(/^[\w.~+/-]{16,}=*$/, 'must have at least 16 characters, as a bearer token has them')

export const waitsSchema = z
  .string()
  .regex(/^\d{1,9}(,\d{1,9}){0,19}$/, 'must be 1 to 20 whole numbers with commas between them')
  .transform((text) => text.split(',').map(Number))

export const usdSchema = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,6})?$/, 'must be an amount of US dollars, as in 20 or 0.5')
  .transform(Number)

export const shareSchema = z
  .string()
  .regex(/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/, 'must be a number from 0 to 1, as in 0.8')
  .transform(Number)

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text
export const originsSchema = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim().replace(/\/$/, '')))
  .refine(
    (origins) => origins.every((origin) => origin === '*' || isOrigin(origin)),
    'must be "*", or origins as in https://app.example, with commas between them',
  )
