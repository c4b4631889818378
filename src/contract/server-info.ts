import { z } from 'zod'
import {
  aspectRatioSchema,
  imageSizeSchema,
  keyScopeSchema,
  laneSchema,
  providerNameSchema,
  thinkingLevelSchema,
  tierSchema,
  upstreamKeyRuleSchema,
} from './vocabulary.ts'

/** A model that this server may be asked for. */
export const modelInfoSchema = z.object({
  name: z.string(),
  /** Whose it is. */
  provider: providerNameSchema,
  /** Price of one image by size, in US dollars; a size that is absent is not offered. */
  priceUsd: z.partialRecord(imageSizeSchema, z.number()),
  /** What it costs of that price at tiers that it is known to be offered at. */
  tierShares: z.partialRecord(tierSchema.exclude(['standard']), z.number()).optional(),
  aspectRatios: z.array(aspectRatioSchema).readonly(),
  /** How many images it takes with one request, those of earlier turns among them. */
  maxConditionImages: z.number().int(),
  /** Those that it can be told; none where it can't be told any. */
  thinkingLevels: z.array(thinkingLevelSchema).readonly(),
  takesSeed: z.boolean(),
  takesSafetySettings: z.boolean(),
  takesTurns: z.boolean(),
  /** When its price was last compared with its source; absent where it has none. */
  priceCheckedOn: z.iso.date().optional(),
  /** Of a route: the models that it tries, in order. Its price is that of the first. */
  models: z.array(z.string()).readonly().optional(),
  /** True for a model whose price is not known: it is taken to cost as much as the dearest that is. */
  isPriceGuessed: z.boolean().optional(),
})
export type ModelInfo = z.infer<typeof modelInfoSchema>

/** Who asked, and what of all that this caller may ask for; what is absent is not bounded. */
export const callerInfoSchema = z.object({
  ownerId: z.string(),
  isAdmin: z.boolean(),
  models: z.array(z.string()).readonly().optional(),
  sizes: z.array(imageSizeSchema).readonly().optional(),
  lanes: z.array(laneSchema).readonly().optional(),
  /** Whether it may, or must, bring a key of its own for the provider (`Imageonce-Upstream-Key`); absent where it may not. */
  upstreamKeys: upstreamKeyRuleSchema.exclude(['off']).optional(),
  /** What its key may do, where it is by a key. */
  scopes: z.array(keyScopeSchema).readonly().optional(),
})
export type CallerInfo = z.infer<typeof callerInfoSchema>

/** What this server would use and allow. */
export const serverInfoSchema = z.object({
  name: z.literal('imageonce'),
  version: z.string(),
  /** Whose the default model is. */
  provider: providerNameSchema,
  defaultModel: z.string(),
  models: z.array(modelInfoSchema).readonly(),
  limits: z.object({
    maxPromptCharacters: z.number().int(),
    maxImageBytes: z.number().int(),
    maxImagePixels: z.number().int(),
    maxWaitSeconds: z.number().int(),
    imageMimeTypes: z.array(z.string()).readonly(),
  }),
  caller: callerInfoSchema,
})
export type ServerInfo = z.infer<typeof serverInfoSchema>
