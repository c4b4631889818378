import type { ColumnType, Generated, Insertable, Selectable } from 'kysely'
import type { AccessKeysTable, EndedSessionsTable } from './access-tables.ts'
import type {
  AlertEvaluationTable,
  AlertEventsTable,
  AlertsTable,
  QueryTimesTable,
} from './alert-tables.ts'
import type { BatchesTable, BatchItemsTable } from './batch-tables.ts'
import type { ReconciliationsTable, SettlementsTable } from './books-tables.ts'
import type {
  ErasedBudgetsTable,
  ErasedObjectsTable,
  ErasedSpendingTable,
  ErasuresTable,
} from './erasure-tables.ts'
import type { GatewayCallsTable } from './gateway-tables.ts'
import type {
  AttemptsTable,
  DeletedObjectsTable,
  GenerationEventsTable,
  GenerationsTable,
  IdempotencyKeysTable,
  ImageMetadataTable,
  ModelLimitsTable,
  OrphanObjectsTable,
  SurplusObjectsTable,
} from './generation-tables.ts'
import type { JudgeCallsTable, JudgeVerdictsTable } from './judge-tables.ts'
import type { ParallelCallsTable, ParallelWishesTable } from './parallel-tables.ts'
import type { RateCountsTable } from './rate-tables.ts'
import type { RequestWebhooksTable } from './request-webhook-tables.ts'
import type { HookDeliveriesTable, SavedItemsTable } from './saved-item-tables.ts'
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
import type { TierLimitsTable } from './tier-tables.ts'
import type { UpstreamKeysTable } from './upstream-key-tables.ts'
import type {
  WebhookAttemptsTable,
  WebhookDeliveriesTable,
  WebhookEndpointsTable,
} from './webhook-tables.ts'

/** The tables as TypeScript sees them; the migrations are what makes them. */
export type Schema = {
  users: UsersTable
  imageMetadata: ImageMetadataTable
  generations: GenerationsTable
  attempts: AttemptsTable
  modelLimits: ModelLimitsTable
  tierLimits: TierLimitsTable
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
  erasedSpending: ErasedSpendingTable
  erasedBudgets: ErasedBudgetsTable
  rateCounts: RateCountsTable
  parallelCalls: ParallelCallsTable
  parallelWishes: ParallelWishesTable
  spending: SpendingTable
  budgets: BudgetsTable
  spendingSwitch: SpendingSwitchTable
  embeddingCalls: EmbeddingCallsTable
  judgeVerdicts: JudgeVerdictsTable
  judgeCalls: JudgeCallsTable
  requestWebhooks: RequestWebhooksTable
  gatewayCalls: GatewayCallsTable
  upstreamKeys: UpstreamKeysTable
  batches: BatchesTable
  batchItems: BatchItemsTable
  reconciliations: ReconciliationsTable
  settlements: SettlementsTable
}

type UsersTable = { id: string; createdAt: Generated<Date> }

/** Of one row: whose database this is. A copy of the database has the same. */
type InstallationTable = {
  isOnly: Generated<boolean>
  /** 16 hex digits: the part of the name of each of its queues that no other installation's has. */
  id: Generated<string>
  createdAt: Generated<Date>
  /** Since when accesses to images are written down. */
  accessesSince: Generated<Date>
}

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
 * `src/features/analytics` reads and writes by SQL of its own).
 */
type AnalyticsProgressTable = {
  isOnly: Generated<boolean>
  eventId: ColumnType<string, number, number>
}

export type GenerationRow = Selectable<GenerationsTable>
export type NewGeneration = Insertable<GenerationsTable>
/** Without the provider's answer, which may be large: it is read where it is wanted. */
export type ImageRow = Omit<Selectable<ImageMetadataTable>, 'answer'>
export type NewImage = Insertable<ImageMetadataTable>
export type SavedItemRow = Selectable<SavedItemsTable>
export type NewSavedItem = Insertable<SavedItemsTable>
export type EventRow = Selectable<GenerationEventsTable>
export type SurplusRow = Selectable<SurplusObjectsTable>
export type AttemptRow = Selectable<AttemptsTable>
export type WebhookEndpointRow = Selectable<WebhookEndpointsTable>
export type WebhookDeliveryRow = Selectable<WebhookDeliveriesTable>
export type WebhookAttemptRow = Selectable<WebhookAttemptsTable>
export type RequestWebhookRow = Selectable<RequestWebhooksTable>
export type AlertRow = Selectable<AlertsTable>
export type AlertEventRow = Selectable<AlertEventsTable>
export type AccessKeyRow = Selectable<AccessKeysTable>
export type BatchRow = Selectable<BatchesTable>
