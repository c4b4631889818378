import type { Database } from '../../../db/database.ts'
import type { Lane } from '../../contract/vocabulary.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Seal } from '../../lib/seal.ts'
import type {
  Batching,
  CompareWithSimilar,
  GuardCall,
  ImageStore,
  InspectImage,
  OnTrouble,
  Providers,
  Spool,
} from '../ports.ts'
import type { BudgetSettings } from '../state/spending-limits.ts'
import type { LoggedReuse } from '../state/telemetry.ts'
import type { Claim } from '../state/transitions.ts'
import type { TierRules } from './choose-tier.ts'
import type { FlexLane } from './flex-lane.ts'
import type { OnStep, RunStep } from './steps.ts'

/** What running a generation takes. */
export type RunDeps = {
  db: Database
  providers: Providers
  store: ImageStore
  spool: Spool
  inspect: InspectImage
  /** Where prompts can be compared. */
  compare: CompareWithSimilar | undefined
  workerId: string
  leaseMs: number
  retryBackoffMs: number
  /** How long one call may take: none begins that could outlast its generation's deadline. */
  callMs: number
  /** How long after it was asked for a generation of each lane ends at the latest, where that was not said then. */
  giveUpMs: Record<Lane, number>
  /** The limits that the settings set to what calls cost. */
  budgets: BudgetSettings
  /** Opens callers' own keys for the provider. */
  seal: Seal
  breaker: GuardCall
  /** At which tier what is made. */
  tiers: TierRules
  /** Its calls at the flex tier. */
  flex: FlexLane
  /** Where some are made in batches of many. */
  batching?: Batching | undefined
  /** Aborted, with `Interrupted`, once this worker begins no further call: it is stopping. */
  stopping: AbortSignal
  /** Aborted when this worker must give back what it runs. */
  shutdown: AbortSignal
  /** Calls back when a generation is not as it was claimed any more. Returns the way to stop. */
  subscribe: (claim: Pick<Claim, 'id' | 'eventSequence'>, listener: () => void) => () => void
  onTrouble: OnTrouble
  logger: Pick<Logger, 'debug' | 'info'>
  /** Each called with every step. */
  onStep: readonly OnStep<RunStep>[]
  /** Called with how each claim ended, unless a statement failed, and how long after the asking, in milliseconds. */
  onRun: (claim: Claim, outcome: RunOutcome, ageMs: number) => void
  /** Called with what a reused image saved. */
  onReuse: (reuse: LoggedReuse | undefined) => void
}

/** What the queue should do with the job. */
export type RunOutcome =
  | { kind: 'finished'; status: 'succeeded'; reuse?: LoggedReuse | undefined }
  | { kind: 'finished'; status: 'failed'; code: string }
  /** Another worker has it, or it has ended: there is nothing left to do for this job. */
  | { kind: 'left' }
  | { kind: 'again'; delayMs: number }
