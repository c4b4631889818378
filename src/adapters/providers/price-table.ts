import { createHash } from 'node:crypto'
import { z } from 'zod'
import {
  aspectRatioSchema,
  imageSizeSchema,
  providerNameSchema,
  thinkingLevelSchema,
} from '../../contract/vocabulary.ts'
import builtIn from './prices.json' with { type: 'json' }

/* What models cost and can do, as `prices.json` and a PRICE_FILE say it (docs/prices.md). */

const daySchema = z.iso.date('must be a day, as 2026-11-28')
const usdSchema = z.number().min(0).max(100_000)
const tokensSchema = z.int().min(0).max(10_000_000)
const nameSchema = z.string().regex(/^[\w.:@-]{1,200}$/, 'must be a name without a path before it')

/** Who says so: a page, or a contract, and the day on which it was last looked at. */
const sourced = { source: z.string().trim().min(1), checkedOn: daySchema }

const imagePricesSchema = z.strictObject({
  ...sourced,
  /** In US dollars, by the kind of a token. */
  usdPerMillionTokens: z.strictObject({
    textIn: usdSchema,
    /** Of pictures in the prompt. */
    imageIn: usdSchema,
    /** Of the part of the prompt that the provider had in its cache. */
    cachedIn: usdSchema,
    /** Of what tools put into the prompt. */
    toolUse: usdSchema,
    textOut: usdSchema,
    thinking: usdSchema,
    imageOut: usdSchema,
  }),
  /** Tokens of one image; a size that is absent is not offered, and of a model of text none is. */
  imageTokens: z.partialRecord(imageSizeSchema, tokensSchema.min(1)),
  /** What it thinks for an image, where that can't be switched off. */
  thinkingTokens: tokensSchema,
})

/** What a call costs that is sent otherwise than at once, of what it costs at once; a tier that is absent is not known to be offered. */
const tierSchema = z.strictObject({ ...sourced, shareOfStandard: z.number().positive().max(10) })
const tiersSchema = z.strictObject({
  flex: tierSchema.optional(),
  batch: tierSchema.optional(),
  priority: tierSchema.optional(),
})

const abilitiesSchema = z.strictObject({
  ...sourced,
  aspectRatios: z.array(aspectRatioSchema).min(1),
  maxConditionImages: z.int().min(0).max(1_000),
  thinkingLevels: z.array(thinkingLevelSchema),
  takesSeed: z.boolean(),
  takesSafetySettings: z.boolean(),
  takesTurns: z.boolean(),
})

const named = {
  name: nameSchema,
  /** Other names of the same, besides those that follow from this one (`findEntry`). */
  aliases: z.array(nameSchema).optional(),
  provider: providerNameSchema.exclude(['local', 'route']),
}

const modelSchema = z.strictObject({
  ...named,
  prices: imagePricesSchema,
  tiers: tiersSchema.optional(),
  abilities: abilitiesSchema.optional(),
})

const embeddingSchema = z.strictObject({
  ...named,
  prices: z.strictObject({
    ...sourced,
    usdPerMillionTokens: z.strictObject({ textIn: usdSchema }),
  }),
})

/** A model that answers texts with texts. */
const textModelSchema = z.strictObject({
  ...named,
  prices: z.strictObject({
    ...sourced,
    usdPerMillionTokens: z.strictObject({ textIn: usdSchema, textOut: usdSchema }),
  }),
})

export const priceTableSchema = z
  .strictObject({
    version: z.string().regex(/^[\w.-]{1,40}$/, 'must be 1 to 40 letters, digits, ".", "_" or "-"'),
    /** When it was last changed. */
    date: daySchema,
    models: z.array(modelSchema).default([]),
    embeddings: z.array(embeddingSchema).default([]),
    texts: z.array(textModelSchema).default([]),
  })
  .superRefine(({ models, embeddings, texts }, context) => {
    for (const [list, entries] of Object.entries({ models, embeddings, texts })) {
      const seen = new Set<string>()
      for (const [index, { name, aliases = [] }] of entries.entries()) {
        for (const each of [name, ...aliases]) {
          const message = `"${each}" must stand in the list once, name or alias`
          if (seen.has(each)) context.addIssue({ code: 'custom', path: [list, index], message })
          seen.add(each)
        }
      }
    }
  })

type PriceFile = z.infer<typeof priceTableSchema>
export type PricedModel = z.infer<typeof modelSchema>

/** Plain data, so that it goes to a thread. `version` names these very figures: it ends with a digest of them. */
export type PriceTable = Omit<PriceFile, 'date'>

/**
 * What a file says, by itself. Throws an `Error` whose message is one line: the place in the file, and what is wrong there or
 * expected.
 */
export const parsePriceFile = (content: unknown): PriceFile => {
  const parsed = priceTableSchema.safeParse(content)
  if (parsed.success) return parsed.data
  const [first, ...others] = parsed.error.issues.map(describeIssue)
  throw new Error(others.length > 0 ? `${first} (and ${others.length} more)` : first)
}

const describeIssue = ({ path, message }: z.core.$ZodIssue): string => {
  const place = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
  return `${place.join('').replace(/^\./, '') || 'the whole of it'}: ${message}`
}

/** The table where `file` is all there is. */
export const toPriceTable = ({ version, models, embeddings, texts }: PriceFile): PriceTable => ({
  version: `${version}:${digest({ models, embeddings, texts })}`,
  models,
  embeddings,
  texts,
})

/**
 * A table with what `own` says of a model, by its name, in place of what is in `base`, part by part: prices, tiers, abilities. Own
 * ones stand first, so that a name that is both theirs and another's is theirs.
 */
export const mergePrices = (base: PriceFile, own: PriceFile): PriceTable =>
  toPriceTable({
    ...base,
    version: `${own.version}+${base.version}`,
    models: mergeByName(base.models, own.models),
    embeddings: mergeByName(base.embeddings, own.embeddings),
    texts: mergeByName(base.texts, own.texts),
  })

const mergeByName = <Entry extends { name: string }>(base: Entry[], own: Entry[]): Entry[] => [
  ...own.map((entry) => ({ ...base.find(({ name }) => name === entry.name), ...entry })),
  ...base.filter(({ name }) => !own.some((entry) => entry.name === name)),
]

const digest = (figures: object): string =>
  createHash('sha256').update(JSON.stringify(figures)).digest('hex').slice(0, 8)

/** What is shipped. */
export const builtInFile: PriceFile = parsePriceFile(builtIn)
export const builtInPrices: PriceTable = toPriceTable(builtInFile)

/**
 * The entry of a model under any of its names: as it is listed, or as `models/x`, `x-preview`, `x-latest`, `x-001`, `x-preview-11-2026`.
 * Undefined where there is none.
 */
export const findEntry = <Entry extends { name: string; aliases?: string[] | undefined }>(
  entries: readonly Entry[],
  model: string,
): Entry | undefined => {
  const name = model.replace(/^.*\//, '')
  const plainName = name.replace(/(?:[-@](?:preview|latest|exp|\d{2,}))+$/, '')
  const isCalled = (wanted: string) => (entry: Entry) =>
    entry.name === wanted || entry.aliases?.includes(wanted)
  return entries.find(isCalled(name)) ?? entries.find(isCalled(plainName))
}
