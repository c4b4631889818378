import type { ColumnType, Generated } from 'kysely'
import type {
  AspectRatio,
  BilledTo,
  ForcedBy,
  GateReason,
  GenerationStatus,
  ImageMimeType,
  ImageSize,
  ImageType,
  Lane,
  ProviderName,
  ReuseSource,
  SimilarityMode,
  Tier,
  Transformation,
} from '../src/contract/vocabulary.ts'
import type { NanoUsd } from '../src/lib/money.ts'
import type { RequestDetails } from './request-details.ts'

export type ImageMetadataTable = {
  /** The generation's id for generated images, `i_…` for uploads. */
  id: string
  userId: string
  /** The object's public URL, or the path that serves it; answers carry a signature besides. */
  imageUrl: string
  imageType: ImageType
  /** The first 500 characters. */
  prompt: string | null
  generatedAt: Generated<Date>
  objectKey: string | null
  mimeType: ImageMimeType | null
  sizeBytes: number | null
  width: number | null
  height: number | null
  thumbhash: string | null
  /** SHA-256 of the stored bytes. */
  contentDigest: string | null
  /** SHA-256 of the bytes as they were sent to us: what a condition image is identified by, unless it is a copy. */
  sourceDigest: string | null
  /** SHA-256 of what it shows, whatever its encoding; null until it may be a condition image. */
  pixelDigest: string | null
  /** 64 digits of 0 and 1, few of which differ between pictures that look alike. */
  perceptualHash: string | null
  /** Of a copy: the source digest of the first picture of its owner that shows the same. Null for that first one. */
  conditionDigest: string | null
  /** When the object was last found in the store by maintenance; null until then. */
  objectCheckedAt: Date | null
  /** The UTC day on which somebody was last shown it, or answered with it; null where that is not known. */
  accessedOn: Date | null
  /** The model's words beside the picture. */
  said: string | null
  /**
   * The provider's answer as JSON (`readAnswer`), with `{"$image": k, "digest": …}` for the bytes of each picture: 0 is the image,
   * from 1 on what else came. Null where none was kept.
   */
  answer: ColumnType<unknown, string | null | undefined, string | null>
}

export type GenerationsTable = {
  id: string
  ownerId: string
  /** The key that it was asked for with last; null where that was a token. */
  keyId: string | null
  /** Tells the caller's own key for the provider, which pays for it, from others; null where the server's pays. The key is in `upstreamKeys`. */
  upstreamAccount: string | null
  /** The id that the same request has without a revision. */
  fingerprint: string
  revision: string | null
  /** Of one that was wanted besides what was there already: who wanted it; null of others, and of a release that did not say. */
  forcedBy: ColumnType<ForcedBy | null, string | null | undefined, string | null>
  status: GenerationStatus
  lane: Lane
  prompt: string
  /** False for one that a release up to 0.1 normalised by NFKC. */
  isPromptAsWritten: Generated<boolean>
  /** True where retention has left of the prompt its digest alone: `sha256:` and 64 hex digits. */
  isPromptReduced: Generated<boolean>
  transformation: Transformation
  conditionImageId: string | null
  conditionImageDigest: string | null
  provider: ProviderName
  model: string
  /** Of a route: whose call made the image, runs, or may have charged; null while nobody can have charged for this asking. */
  calledProvider: ProviderName | null
  calledModel: string | null
  aspectRatio: AspectRatio | null
  imageSize: ImageSize
  variant: string | null
  /** What the request says beyond the columns; null where it says no more. */
  details: ColumnType<RequestDetails | null, string | null | undefined, string | null>
  /** At which its last call was asked for, or served where that was said; null until then. */
  tier: Tier | null
  /** Where this generation's bytes go, whichever attempt stores them; never another row's. */
  objectKey: string
  /** Set when succeeded: this generation's image, or the one it reused. */
  imageId: string | null
  reuseSource: ReuseSource | null
  costNanoUsd: Generated<NanoUsd>
  paidCalls: Generated<number>
  /** Paid calls whose result never arrived: they may have been charged. */
  ambiguousCalls: Generated<number>
  attempts: Generated<number>
  claims: Generated<number>
  /** Claims whose worker died or lost them: one more than a few, and the input is what kills. */
  lostClaims: Generated<number>
  /** Raised by every claim; a worker that holds an older one may change nothing. */
  fence: Generated<number>
  workerId: string | null
  leaseExpiresAt: Date | null
  /** Not to be run before. */
  runAfter: Date | null
  /** When it ends at the latest; null once it has, and where a release that set none asked for it. */
  deadlineAt: Date | null
  /** When a person came to want what was asked for ahead of need; null where none did. */
  promotedAt: Date | null
  /** The deferred submission that queued it last (`DeferredSubmission.parkedAt`); null where none did. */
  deferredAs: string | null
  /** When a job was last handed to the queue; null until then. */
  enqueuedAt: Date | null
  /** How many of the owner's generations were ahead at submission. */
  place: Generated<number>
  errorCode: string | null
  errorMessage: string | null
  errorRetryable: boolean | null
  /** What the request wants of similar images; null leaves it to the owner. */
  similarityMode: SimilarityMode | null
  /** Set where a similar prompt's image is the answer: how near that prompt is. */
  similarity: number | null
  /** The similar images that are suggested. */
  suggestions: ColumnType<Suggestion[] | null, string | null, string | null>
  /** The sequence number of the newest event. */
  eventSequence: Generated<number>
  createdAt: Generated<Date>
  queuedAt: Generated<Date>
  startedAt: Date | null
  finishedAt: Date | null
}

/** Its keys are of one word each: the plugin that renames columns would rename others. */
export type Suggestion = {
  /** The generation that made the image. */
  id: string
  similarity: number
  passes: boolean
  reasons: GateReason[]
  /** The model that took it for the same where the rules did not. */
  judge?: string
}

export type AttemptsTable = {
  id: ColumnType<string, never, never>
  generationId: string
  /** On whose account it is besides its owner's: the generation's key then. */
  keyId: string | null
  fence: number
  workerId: string
  provider: ProviderName
  model: string
  /** Written before the call is sent: the intent to pay. */
  startedAt: Generated<Date>
  finishedAt: Date | null
  /** `image`, or the code of the outcome; null while the call runs, or when its worker died. */
  outcome: string | null
  mayHaveCharged: Generated<boolean>
  /** What the call cost, or may have cost. */
  costNanoUsd: Generated<NanoUsd>
  /** What was set aside for it before it was sent. */
  heldNanoUsd: Generated<NanoUsd>
  /** Whose key for the provider it was made with. With the caller's, it costs this server nothing. */
  billedTo: Generated<BilledTo>
  /** What it cost the caller then, or may have cost; null where the server pays, and of one that is out. */
  callerCostNanoUsd: NanoUsd | null
  /** True while nobody knows what the call cost: `costNanoUsd` is then what it may have cost. */
  isEstimate: Generated<boolean>
  /** What the provider counted, as it came; null where it counted nothing, and of a release that did not keep it, as the next three. */
  usage: ColumnType<unknown, string | null, string | null>
  /** The provider's own id of its answer. */
  responseId: string | null
  /** Of the price table by which the cost was found. */
  priceVersion: string | null
  /** How the cost was found that is no estimate. */
  costBasis: 'measured' | 'listed' | null
  /** At which it was asked for; null in rows of a release that knew no other than the standard one. */
  tier: Tier | null
  /** At which the provider says that it has served; null where it says nothing. */
  servedTier: Tier | null
  /** What it got past and when, in milliseconds after `startedAt`; null while it runs. */
  steps: ColumnType<AttemptStep[] | null, string | null, string>
  /** What the daily rollup knows of it: null nothing yet, false the call alone, true its end too. */
  isCounted: boolean | null
}

export type AttemptStep = { step: string; ms: number }

/** Until when a model takes no calls of an account, as the provider said, and when it said so. */
export type ModelLimitsTable = {
  provider: ProviderName
  account: string
  model: string
  limitedAt: Generated<Date>
  limitedUntil: Date
}

export type IdempotencyKeysTable = {
  ownerId: string
  key: string
  /** Of the generation that the request came to. */
  requestDigest: string
  /** Of what the client sent; null in rows of a release up to 0.1. */
  sentDigest: string | null
  generationId: string
  createdAt: Generated<Date>
  expiresAt: Date
}

export type GenerationEventsTable = {
  id: ColumnType<string, never, never>
  ownerId: string
  generationId: string | null
  /** Counts a generation's own life-cycle events from 1; null for telemetry. */
  sequence: number | null
  type: string
  data: ColumnType<Record<string, unknown>, string, string>
  createdAt: Generated<Date>
  /** The id that a browser gave an event of its own; null for what the server saw. */
  clientEventId: string | null
}

/** Objects that no row refers to: deleted once they have been so for long enough. */
export type OrphanObjectsTable = {
  objectKey: string
  /** The store's own time of the object. */
  modifiedAt: Date
  foundAt: Date
}

/** Objects of images that their owners deleted, which the store may have yet. */
export type DeletedObjectsTable = { objectKey: string; deletedAt: Generated<Date> }

/** What a generation's calls brought besides its image, and was paid for all the same. */
export type SurplusObjectsTable = {
  generationId: string
  attemptId: string
  /** SHA-256 (hex) of the stored bytes. */
  digest: string
  /** `picture`: another one of the same answer. `unreadable`: bytes that do not decode, as they came. */
  kind: 'picture' | 'unreadable'
  mimeType: ImageMimeType | null
  /** Why it does not decode. */
  reason: string | null
  sizeBytes: number
  objectKey: string
  createdAt: Generated<Date>
}
