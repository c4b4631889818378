import { z } from 'zod'
import { namespaceSchema } from './namespace.ts'
import { labelSchema, ownerIdSchema, textSchema } from './text.ts'
import {
  imageSizeSchema,
  keyScopeSchema,
  keyStatusSchema,
  keyVariantsSchema,
  laneSchema,
  tierSchema,
  upstreamKeyRuleSchema,
} from './vocabulary.ts'

const MAX_KEY_NAME_CHARACTERS = 100
const MAX_LISTED = 50

const listSchema = <Item extends z.ZodType>(item: Item) =>
  z.array(item).min(1, 'must name at least one').max(MAX_LISTED, `must name at most ${MAX_LISTED}`)

const originSchema = textSchema.refine(
  (text) => URL.canParse(text) && new URL(text).origin === text,
  'must be an origin, as in https://app.example',
)

const usdSchema = z.number().positive().max(1_000_000_000)

/** What `POST /api/keys` takes. What is left out is not bounded. */
export const keyInputSchema = z
  .strictObject({
    name: labelSchema(MAX_KEY_NAME_CHARACTERS),
    /** Whose it is; or `onBehalf`: each request names its owner in the header `Imageonce-Owner`. */
    ownerId: ownerIdSchema.optional(),
    onBehalf: z.boolean().default(false),
    /** Put before the names of its owners, and bounds all that it reaches. */
    namespace: namespaceSchema.optional(),
    scopes: listSchema(keyScopeSchema).default(['read', 'generate']),
    models: listSchema(labelSchema(100)).optional(),
    sizes: listSchema(imageSizeSchema).optional(),
    lanes: listSchema(laneSchema).optional(),
    /** The pages that may use it. */
    origins: listSchema(originSchema).optional(),
    expiresAt: z.iso.datetime({ offset: true }).optional(),
    /** What it may cost, in a day and a month (UTC). */
    dailyUsd: usdSchema.optional(),
    monthlyUsd: usdSchema.optional(),
    /** Requests for images in a minute. */
    perMinute: z.number().int().positive().max(1_000_000).optional(),
    /** What equal calls of the other providers' APIs are that come at once. */
    variants: keyVariantsSchema.default('one'),
    /** At which of the model's prices its eager generations are made; left out: as the server's settings say. */
    eagerTier: tierSchema.optional(),
    /** Whether its requests may, or must, bring a key of their own for the provider; as the server has it unless said. */
    upstreamKeys: upstreamKeyRuleSchema.optional(),
  })
  .refine(({ ownerId, onBehalf }) => (ownerId === undefined) === onBehalf, {
    path: ['ownerId'],
    message: 'must name the owner, or onBehalf be true: one of the two',
  })
  .refine(({ scopes, onBehalf }) => !(scopes.includes('admin') && onBehalf), {
    path: ['onBehalf'],
    message: 'does not go with the scope admin: an operator has a name',
  })
  .refine(({ scopes, namespace }) => !(scopes.includes('admin') && namespace !== undefined), {
    path: ['namespace'],
    message: 'does not go with the scope admin: an operator sees all',
  })
export type KeyInput = z.output<typeof keyInputSchema>
/** As a client writes it. */
export type KeyDraft = z.input<typeof keyInputSchema>

/** A key as answered. */
export const keySchema = z.object({
  id: z.string(),
  /** How it begins. */
  prefix: z.string(),
  name: z.string(),
  status: keyStatusSchema,
  /** Absent where each request names its owner. */
  ownerId: z.string().optional(),
  onBehalf: z.boolean(),
  namespace: z.string().optional(),
  scopes: z.array(keyScopeSchema),
  models: z.array(z.string()).optional(),
  sizes: z.array(imageSizeSchema).optional(),
  lanes: z.array(laneSchema).optional(),
  origins: z.array(z.string()).optional(),
  perMinute: z.number().int().optional(),
  variants: keyVariantsSchema,
  /** Absent where the server's settings decide. */
  eagerTier: tierSchema.optional(),
  /** Absent where it is as the server has it. */
  upstreamKeys: upstreamKeyRuleSchema.optional(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
  revokedAt: z.iso.datetime().optional(),
  /** To the minute. */
  lastUsedAt: z.iso.datetime().optional(),
  /** The key itself, in the answer to its making alone. */
  key: z.string().optional(),
})
export type Key = z.infer<typeof keySchema>
