import type { Generated } from 'kysely'
import type {
  ImageSize,
  KeyScope,
  KeyVariants,
  Lane,
  Tier,
  UpstreamKeyRule,
} from '../src/contract/vocabulary.ts'

/** A static secret of an owner or a back end. The secret itself is nowhere. */
export type AccessKeysTable = {
  /** `k_` and the first 40 hex digits of the digest. */
  id: string
  /** SHA-256 of the whole key: it holds 190 random bits, so that no slower digest is needed. */
  digest: Buffer
  /** How it begins, by which people tell their keys apart. */
  prefix: string
  name: string
  /** Null where each request names its owner. Without the namespace. */
  ownerId: string | null
  namespace: string | null
  scopes: KeyScope[]
  /** What it may ask for; null for everything. */
  models: string[] | null
  sizes: ImageSize[] | null
  lanes: Lane[] | null
  /** The pages that may use it; null for whoever has it. */
  origins: string[] | null
  perMinute: number | null
  /** What equal calls at once are: one wish, or each its own. */
  variants: Generated<KeyVariants>
  /** At which what is asked for ahead of need is made; null leaves it to the settings. */
  eagerTier: Tier | null
  /** Whether its requests bring a key of their own for the provider; null for what the settings say. */
  upstreamKeys: UpstreamKeyRule | null
  /** The operator who made it. */
  createdBy: string
  createdAt: Generated<Date>
  expiresAt: Date | null
  revokedAt: Date | null
  /** To the minute. */
  lastUsedAt: Date | null
}

/** Sessions that are over though their cookie is good yet. */
export type EndedSessionsTable = {
  /** `session:<id>`, or `owner:<id>` for all of an owner that began before. */
  subject: string
  endedAt: Generated<Date>
}
