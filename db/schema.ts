import type { ColumnType, Generated, Insertable, Selectable } from 'kysely'
import type {
  AlertChange,
  AlertName,
  AlertState,
  AspectRatio,
  GateReason,
  GenerationStatus,
  ImageMimeType,
  ImageSize,
  ImageType,
  Lane,
  ProviderName,
  ReuseSource,
  SimilarityMode,
  Transformation,
  WebhookDeliveryStatus,
  WebhookDisabledReason,
} from '../src/contract/vocabulary.ts'
import type { AccessKeysTable, EndedSessionsTable } from './access-tables.ts'
import type { ErasedObjectsTable, ErasuresTable } from './erasure-tables.ts'
import type { RateCountsTable } from './rate-tables.ts'
import type {
  OwnerSimilarityTable,
  PromptEmbeddingsTable,
  SimilarityChecksTable,
} from './similarity-tables.ts'
import type {
  BudgetsTable,
  EmbeddingCallsTable,
  SpendingSwitchTable,
  SpendingTable,
} from './spending-tables.ts'

/** The tables as TypeScript sees them; the migrations are what makes them. */
export type Schema = {
  users: UsersTable
  imageMetadata: ImageMetadataTable
  generations: GenerationsTable
  attempts: AttemptsTable
  modelLimits: ModelLimitsTable
  idempotencyKeys: IdempotencyKeysTable
  generationEvents: GenerationEventsTable
  orphanObjects: OrphanObjectsTable
  surplusObjects: SurplusObjectsTable
  savedItems: SavedItemsTable
  hookDeliveries: HookDeliveriesTable
  workers: WorkersTable
  analyticsProgress: AnalyticsProgressTable
  webhookEndpoints: WebhookEndpointsTable
  webhookDeliveries: WebhookDeliveriesTable
  webhookAttempts: WebhookAttemptsTable
  alerts: AlertsTable
  alertEvents: AlertEventsTable
  alertEvaluation: AlertEvaluationTable
  queryTimes: QueryTimesTable
  promptEmbeddings: PromptEmbeddingsTable
  similarityChecks: SimilarityChecksTable
  ownerSimilarity: OwnerSimilarityTable
  installation: InstallationTable
  deletedObjects: DeletedObjectsTable
  accessKeys: AccessKeysTable
  endedSessions: EndedSessionsTable
  erasures: ErasuresTable
  erasedObjects: ErasedObjectsTable
  rateCounts: RateCountsTable
  spending: SpendingTable
  budgets: BudgetsTable
  spendingSwitch: SpendingSwitchTable
  embeddingCalls: EmbeddingCallsTable
}

type UsersTable = { id: string; createdAt: Generated<Date> }

type ImageMetadataTable = {
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
}

type GenerationsTable = {
  id: string
  ownerId: string
  /** The key that it was asked for with last; null where that was a token. */
  keyId: string | null
  /** The id that the same request has without a revision. */
  fingerprint: string
  revision: string | null
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
  aspectRatio: AspectRatio | null
  imageSize: ImageSize
  variant: string | null
  /** Where this generation's bytes go, whichever attempt stores them; never another row's. */
  objectKey: string
  /** Set when succeeded: this generation's image, or the one it reused. */
  imageId: string | null
  reuseSource: ReuseSource | null
  costUsd: Generated<number>
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
}

type AttemptsTable = {
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
  costUsd: Generated<number>
  /** What was set aside for it before it was sent. */
  heldUsd: Generated<number>
  /** True while nobody knows what the call cost: `costUsd` is then what it may have cost. */
  isEstimate: Generated<boolean>
  /** What it got past and when, in milliseconds after `startedAt`; null while it runs. */
  steps: ColumnType<AttemptStep[] | null, string | null, string>
  /** What the daily rollup knows of it: null nothing yet, false the call alone, true its end too. */
  isCounted: boolean | null
}

export type AttemptStep = { step: string; ms: number }

/** Until when a model takes no calls of an account, as the provider said, and when it said so. */
type ModelLimitsTable = {
  provider: ProviderName
  account: string
  model: string
  limitedAt: Generated<Date>
  limitedUntil: Date
}

type IdempotencyKeysTable = {
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

type GenerationEventsTable = {
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
type OrphanObjectsTable = {
  objectKey: string
  /** The store's own time of the object. */
  modifiedAt: Date
  foundAt: Date
}

/** Objects of images that their owners deleted, which the store may have yet. */
type DeletedObjectsTable = { objectKey: string; deletedAt: Generated<Date> }

/** Of one row: whose database this is. A copy of the database has the same. */
type InstallationTable = {
  isOnly: Generated<boolean>
  /** 16 hex digits: the part of the name of each of its queues that no other installation's has. */
  id: Generated<string>
  createdAt: Generated<Date>
  /** Since when accesses to images are written down. */
  accessesSince: Generated<Date>
}

/** What a generation's calls brought besides its image, and was paid for all the same. */
type SurplusObjectsTable = {
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

/** What an owner saved. */
type SavedItemsTable = {
  ownerId: string
  /** Unique for its owner. */
  id: string
  title: string | null
  prompt: string | null
  /** An image of the app's own; null where the image is a generation's. */
  imageUrl: string | null
  generationId: string | null
  conditionImageId: string | null
  transformation: Transformation | null
  aspectRatio: AspectRatio | null
  imageSize: ImageSize | null
  model: string | null
  variant: string | null
  /** The app's own, as JSON; text, since the plugin that renames columns would rename its keys too. */
  data: string | null
  /** Raised whenever another image is wanted: a submission made for an earlier one may not be entered. */
  revision: Generated<number>
  /** When a worker is to ask for the image; null when none has to. */
  askAfter: Date | null
  /** No later than this, however often the item is edited; null when nothing is to be asked for. */
  askBefore: Date | null
  /** Whose hook saved it last; null for an item that only its owner saved. */
  source: string | null
  /** True until the end of its latest generation has been delivered to its source. */
  isEndUntold: Generated<boolean>
  createdAt: Generated<Date>
  updatedAt: Generated<Date>
}

/** Hooks that have been taken. */
type HookDeliveriesTable = { source: string; webhookId: string; receivedAt: Generated<Date> }

/** The worker processes, each as it last said of itself. */
type WorkersTable = {
  id: string
  host: string
  pid: number
  version: string
  /** How many generations it runs at once. */
  concurrency: number
  running: number
  breaker: 'closed' | 'open'
  startedAt: Generated<Date>
  seenAt: Generated<Date>
}

/**
 * One row: the events up to this id are in the daily rollup (`daily_figures`, `daily_models`, `daily_durations`, which
 * `src/analytics` reads and writes by SQL of its own).
 */
type AnalyticsProgressTable = {
  isOnly: Generated<boolean>
  eventId: ColumnType<string, number, number>
}

/** Where ends of generations are delivered: an owner's to the owner, those of a source's items to the source. */
type WebhookEndpointsTable = {
  id: string
  /** One of the two is set. */
  ownerId: string | null
  source: string | null
  url: string
  events: string[]
  description: string | null
  secret: string
  /** Signs besides until its time, while receivers take over the new one. */
  previousSecret: string | null
  previousSecretExpiresAt: Date | null
  isEnabled: Generated<boolean>
  disabledReason: WebhookDisabledReason | null
  /** The first attempt that failed since one went well. */
  failingSince: Date | null
  createdAt: Generated<Date>
  updatedAt: Generated<Date>
}

/** One event to one endpoint; the id is what receivers know it by. */
type WebhookDeliveriesTable = {
  id: Generated<string>
  endpointId: string
  type: string
  /** What ended, by the sequence number of that event; null for a test. */
  generationId: string | null
  eventSequence: number | null
  /** For a source: whose item the generation answers, and which. */
  ownerId: string | null
  itemId: string | null
  /** The generation as it was then, with what is needed to show its image. */
  snapshot: ColumnType<Record<string, unknown> | null, string | null, never>
  status: Generated<WebhookDeliveryStatus>
  /** Since it was made, or made to be delivered again. */
  failures: Generated<number>
  /** Raised by every claim, and by who has it delivered again; a worker that holds an older one may change nothing. */
  claims: Generated<number>
  /** Null when none is to come. */
  nextAttemptAt: Generated<Date | null>
  leaseExpiresAt: Date | null
  createdAt: Generated<Date>
}

type WebhookAttemptsTable = {
  id: ColumnType<string, never, never>
  deliveryId: string
  startedAt: Date
  durationMs: number
  statusCode: number | null
  error: string | null
  /** How the body of the answer begins. */
  answer: string | null
}

/** How each alert stands, once it has been evaluated. */
type AlertsTable = {
  name: AlertName
  state: AlertState
  /** How many evaluations in a row have spoken against the state. */
  streak: number
  /** What was measured last; null when there was nothing to measure. */
  value: number | null
  /** Null while it is switched off. */
  threshold: number | null
  sample: number
  since: Date
  firedAt: Date | null
  resolvedAt: Date | null
}

/** Its changes of state, with what was measured then. */
type AlertEventsTable = {
  id: Generated<string>
  alert: AlertName
  state: AlertChange
  at: Date
  value: number | null
  threshold: number | null
  sample: number
}

/** One row: only the process with the newest claim may write an evaluation. */
type AlertEvaluationTable = {
  isOnly: Generated<boolean>
  claims: ColumnType<string, number, never>
  /** The beginning of the interval that was claimed last. */
  claimedFor: Date
  evaluatedAt: Date | null
}

/** How each process's statements were answered lately, as it last said itself. */
type QueryTimesTable = {
  processId: string
  count: number
  p95Ms: number | null
  seenAt: Generated<Date>
}

export type GenerationRow = Selectable<GenerationsTable>
export type NewGeneration = Insertable<GenerationsTable>
export type ImageRow = Selectable<ImageMetadataTable>
export type NewImage = Insertable<ImageMetadataTable>
export type SavedItemRow = Selectable<SavedItemsTable>
export type NewSavedItem = Insertable<SavedItemsTable>
export type EventRow = Selectable<GenerationEventsTable>
export type SurplusRow = Selectable<SurplusObjectsTable>
export type AttemptRow = Selectable<AttemptsTable>
export type WebhookEndpointRow = Selectable<WebhookEndpointsTable>
export type WebhookDeliveryRow = Selectable<WebhookDeliveriesTable>
export type WebhookAttemptRow = Selectable<WebhookAttemptsTable>
export type AlertRow = Selectable<AlertsTable>
export type AlertEventRow = Selectable<AlertEventsTable>
export type AccessKeyRow = Selectable<AccessKeysTable>
