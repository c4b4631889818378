import { z } from 'zod'
import { namespaceSchema } from '../contract/namespace.ts'
import { type ImageSize, imageSizeSchema, type Lane, laneSchema } from '../contract/vocabulary.ts'
import type { Policy } from '../generation/submit/policy.ts'

/** `source:namespace`, with commas between them. */
export const hookNamespacesSchema = z.string().transform((text, context) => {
  const pairs = text.split(',').map((pair) => {
    const [, source, name] = /^\s*([\w.-]+):([^\s:,]+)\s*$/.exec(pair) ?? []
    const namespace = namespaceSchema.safeParse(name)
    if (source && namespace.success) return [source, namespace.data] as const
    const message = 'must be source:namespace[,source:namespace], each namespace as in shop'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  return new Map(pairs)
})

const ALL = '*'

/** Names with commas between them, or `*`. */
export const namesSchema = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .refine((names) => names.every(Boolean), 'must be names with commas between them, or "*"')

const wordsSchema = <Word extends string>(schema: z.ZodEnum<Record<Word, Word>>) =>
  namesSchema.refine(
    (names) => names.every((name) => name === ALL || schema.safeParse(name).success),
    `must be among ${schema.options.join(', ')}, with commas between them, or "*"`,
  )

export const sizesSchema = wordsSchema(imageSizeSchema)
export const lanesSchema = wordsSchema(laneSchema)

type Settings = {
  NODE_ENV: string
  OWNER_MODELS?: string[] | undefined
  OWNER_SIZES?: string[] | undefined
  OWNER_LANES?: string[] | undefined
}

/** What owners may ask for with their tokens; in production the default model alone, in its smallest size, unless it is said otherwise. */
export const toOwnerPolicy = (env: Settings, defaultModel = ALL): Policy => {
  const isProduction = env.NODE_ENV === 'production'
  return {
    models: toList(env.OWNER_MODELS ?? [isProduction ? defaultModel : ALL]),
    sizes: toList(env.OWNER_SIZES ?? [isProduction ? '1K' : ALL]) as ImageSize[] | undefined,
    lanes: toList(env.OWNER_LANES ?? [ALL]) as Lane[] | undefined,
  }
}

const toList = (names: string[]): string[] | undefined => (names.includes(ALL) ? undefined : names)

const HERE = /^(localhost|127\.[\d.]+|\[::1\])$/

/** Whether what goes there could be read on the way: by plain HTTP, and beyond this machine. */
export const isOpenToReaders = (url: string | undefined): boolean => {
  if (!url) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !HERE.test(hostname)
}
