import type { Database } from '../../../db/database.ts'
import type { Suggestion } from '../../../db/generation-tables.ts'
import type { Would } from '../../contract/explanation.ts'
import type { GenerationRequest } from '../../contract/generation-request.ts'
import type { BilledTo, SimilarityMode, Tier } from '../../contract/vocabulary.ts'
import type { Callee, Providers } from '../../generation/ports.ts'
import { limitedBy, listCallees } from '../../generation/providers.ts'
import { findSuggested, type Suggested } from '../../generation/read/suggestions.ts'
import { chooseTier, type TierRules, wantsBatch } from '../../generation/run/choose-tier.ts'
import { foreseeStop, readStanding, type Standing } from '../../generation/state/foresee-insert.ts'
import type { GenerationToInsert, InsertLimits } from '../../generation/state/insert-or-requeue.ts'
import { countPositions, type GenerationWithImage } from '../../generation/state/repository.ts'
import { accountOf, type Payer } from '../../generation/state/upstream-keys.ts'
import { type SubmissionStatements, tooManyQueued } from '../../generation/submit/find-or-create.ts'
import { foreseeAnswer, isRefusal } from '../../generation/submit/foresee.ts'
import type {
  ConditionImage,
  ResolveConditionImage,
} from '../../generation/submit/resolve-images.ts'
import { resolveRequest } from '../../generation/submit/resolve-request.ts'
import { describeKey, toSentKey } from '../../generation/submit/submit.ts'
import { listPlaces } from '../../generation/submit/submit-many.ts'
import { AppError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { Seal } from '../../lib/seal.ts'
import { type Estimate, estimate, FREE, type Price, priceOf } from './estimate.ts'
import type { RecentCalls } from './recent-calls.ts'

export type ExplainDeps = {
  db: Database
  statements: Pick<SubmissionStatements, 'find'>
  limits: InsertLimits
  providers: Providers
  /** At which tier what is made. */
  tiers: TierRules
  seal: Seal
  /** Finds it, or what it would be, and stores nothing. */
  resolveConditionImage: ResolveConditionImage
  /** Why no new generation of an owner may begin now. */
  findNewRefusal: (ownerId: string) => AppError | undefined
  readCalls: () => Promise<RecentCalls>
  /** What comparing its prompt with its owner's others would come to; absent where prompts are not compared. */
  foreseeSimilar: ForeseeSimilar | undefined
}

type ForeseeSimilar = (wanted: GenerationToInsert) => Promise<{
  mode: SimilarityMode
  isCompared: boolean
  mayCostNanoUsd: NanoUsd
  match?: Suggestion | undefined
  candidates: Suggestion[]
}>

export type Asking = {
  ownerId: string
  payer: Payer
  request: GenerationRequest
  idempotencyKey: string | undefined
  /** Throws `refused_by_policy`, and why a key may not be brought or must be. */
  assertMayAsk: (request: GenerationRequest) => void
}

/** What would become of one image. */
export type ForeseenImage = {
  id?: string | undefined
  fingerprint?: string | undefined
  would: Would
  reason?: AppError | undefined
  from?: { row: GenerationWithImage; source?: 'exact' | 'joined' | 'similar'; similarity?: number }
  comparison?: { mode: SimilarityMode; isCompared: boolean; suggested: Suggested[] } | undefined
  price: Price
  queuePosition?: number | undefined
  expected?: Estimate | undefined
}

export type Foreseen = {
  standing: Standing
  billedTo: BilledTo
  images: ForeseenImage[]
  /** What would have to be set aside for all that is neither there nor under way. */
  neededNanoUsd: NanoUsd
}

/**
 * What a request would do and cost at this moment, by the same rules and reads as asking for it. Nothing is written, stored or bought.
 * What would refuse the request is told; throws `unavailable` where nobody can tell.
 */
export const createExplain =
  (deps: ExplainDeps) =>
  async (asking: Asking): Promise<Foreseen> => {
    const { ownerId, payer, request } = asking
    const { keyId, upstreamKey } = payer
    const isOurs = upstreamKey === undefined
    const account = isOurs ? {} : { account: accountOf(deps.seal, upstreamKey) }
    const model = findModel(deps, request)
    const callees = model
      ? listCallees(deps.providers, model).map((callee) => ({ ...limitedBy(callee), ...account }))
      : []
    const about = { ownerId, keyId, lane: request.lane, model, callees }
    const [standing, calls] = await Promise.all([
      readStanding(deps.db, about, deps.limits),
      deps.readCalls(),
    ])
    const moment: Moment = { standing, calls, ahead: 0, neededNanoUsd: 0 }
    const looking = { ...deps, resolveConditionImage: lookOnce(deps.resolveConditionImage) }
    const images: ForeseenImage[] = []
    // In order: each has the place in line, and the budget, that those before leave it.
    for (const place of listPlaces(request, asking.idempotencyKey)) {
      images.push(await foreseeOne(looking, asking, place, moment))
    }
    const billedTo = isOurs ? 'server' : 'caller'
    return { standing, billedTo, images, neededNanoUsd: moment.neededNanoUsd }
  }

/** What is asked for, as a generation says it; undefined where there is no such model. */
const findModel = (
  { providers }: ExplainDeps,
  request: GenerationRequest,
): Pick<GenerationToInsert, 'provider' | 'model'> | undefined => {
  const model = request.model ?? providers.defaultModel
  const provider = providers.models.find(({ name }) => name === model)?.provider
  return provider && { provider, model }
}

/** All pictures that a request asks for are of the same images, each of which is looked at once. */
const lookOnce = (resolve: ResolveConditionImage): ResolveConditionImage => {
  const known = new Map<string, Promise<ConditionImage>>()
  return (ownerId, image, pointer) => {
    const found = known.get(image) ?? resolve(ownerId, image, pointer)
    known.set(image, found)
    return found
  }
}

/** How things stand, with what the images before would have taken. */
type Moment = { standing: Standing; calls: RecentCalls; ahead: number; neededNanoUsd: NanoUsd }

const foreseeOne = async (
  deps: ExplainDeps,
  { ownerId, payer, assertMayAsk }: Asking,
  { request, key: idempotencyKey }: ReturnType<typeof listPlaces>[number],
  moment: Moment,
): Promise<ForeseenImage> => {
  const known: Pick<ForeseenImage, 'id' | 'fingerprint'> = {}
  try {
    assertMayAsk(request)
    const resolved = await resolveRequest(deps, ownerId, request, idempotencyKey, payer)
    const { id, fingerprint, revision } = resolved.generation
    known.fingerprint = fingerprint
    // A forced one has another each time.
    if (revision === null || idempotencyKey !== undefined) known.id = id
    const { key, describeOlder } = await describeKey(resolved, toSentKey(request, idempotencyKey))
    const answer = await foreseeAnswer(deps, resolved, key, describeOlder)
    if (answer.kind === 'new') {
      if (answer.wanted.revision !== revision) known.id = answer.wanted.id
      return { ...known, ...(await foreseeNew(deps, answer.wanted, moment)) }
    }
    const row = answer.generation
    return { ...known, id: row.id, ...(await describeAnswer(deps, answer.kind, row, moment)) }
  } catch (error) {
    if (!(error instanceof AppError && isRefusal(error))) throw error
    return { ...known, would: 'refuse', reason: error, price: FREE }
  }
}

const describeAnswer = async (
  { db }: ExplainDeps,
  kind: 'exact' | 'joined' | 'replayed',
  row: GenerationWithImage,
  { calls, standing }: Moment,
): Promise<ForeseenImage> => {
  if (kind === 'exact') return { would: 'reuse', from: { row, source: kind }, price: FREE }
  if (kind === 'replayed') {
    return { would: 'refuse', reason: toError(row), from: { row }, price: FREE }
  }
  const isQueued = row.status === 'queued'
  const [queuePosition] = isQueued ? await countPositions(db, [row]) : []
  const expected = estimate(calls, standing, row, { queuePosition, startedAt: row.startedAt })
  return { would: 'join', from: { row, source: kind }, price: FREE, queuePosition, expected }
}

/** The error that it ended with, which is the answer to its like for a while. */
const toError = ({ errorCode, errorMessage, errorRetryable }: GenerationWithImage) =>
  new AppError((errorCode ?? 'internal') as AppError['code'], errorMessage ?? '', {
    retryable: errorRetryable ?? false,
  })

/** As the statement that inserts it judges it, then the worker that claims it: throws what refuses it. */
const foreseeNew = async (
  deps: ExplainDeps,
  wanted: GenerationToInsert,
  moment: Moment,
): Promise<ForeseenImage> => {
  const { standing, calls } = moment
  const refusal = deps.findNewRefusal(wanted.ownerId)
  if (refusal) throw refusal
  const tier = foreseeTier(deps, standing, wanted)
  // Where a key of the caller's own pays it costs nothing here.
  const [first] = listCallees(deps.providers, wanted)
  const mayCostNanoUsd =
    wanted.mayCostNanoUsd &&
    (first?.provider.estimateNanoUsd(first.model, wanted.imageSize, tier) ?? 0)
  const stop = foreseeStop(standing, mayCostNanoUsd, moment.neededNanoUsd)
  if (stop && wanted.lane === 'interactive') {
    moment.neededNanoUsd += mayCostNanoUsd
    throw stop
  }
  if (standing.inFlight + moment.ahead >= deps.limits.maxInFlight) throw tooManyQueued()
  const similar = await compare(deps, wanted)
  const { comparison, reused } = similar
  if (reused) return { would: 'reuse', from: reused, comparison, price: FREE }
  const queuePosition = standing.queuePosition + moment.ahead
  const taker = findTaker(deps.providers, wanted, standing)
  const price = priceOf(calls, { ...wanted, tier }, taker, similar.mayCostNanoUsd)
  const wait = stop ?? findModelLimit(standing)
  moment.ahead += 1
  moment.neededNanoUsd += mayCostNanoUsd
  if (wait) return { would: 'wait', reason: wait, comparison, price, queuePosition }
  const expected = estimate(calls, standing, { ...wanted, tier }, { queuePosition })
  return { would: 'buy', comparison, price, queuePosition, expected }
}

/** As the worker that claims it chooses. */
const foreseeTier = (
  { tiers, providers }: ExplainDeps,
  { keyTier, tierLimits, asOf }: Standing,
  { lane, provider, model }: GenerationToInsert,
): Tier => {
  const fresh = { doubtedTier: null, ambiguousCalls: 0, startedAt: null, deadlineAt: null }
  const isBatched = providers.models.find(({ name }) => name === model)?.tierShares?.batch
  if (isBatched && wantsBatch({ lane, keyTier, tierLimits }, tiers)) return 'batch'
  return chooseTier(
    { lane, keyTier, tierLimits, asOf, ...fresh },
    tiers,
    providers.find(provider) ?? {},
  )
}

type Compared = Pick<ForeseenImage, 'comparison'> & {
  reused?: ForeseenImage['from']
  mayCostNanoUsd: NanoUsd
}

/** A worker compares what is new and not forced. */
const compare = async (
  { db, foreseeSimilar }: ExplainDeps,
  wanted: GenerationToInsert,
): Promise<Compared> => {
  if (!foreseeSimilar || wanted.revision !== null) return { mayCostNanoUsd: 0 }
  const { mode, isCompared, mayCostNanoUsd, match, candidates } = await foreseeSimilar(wanted)
  if (mode === 'off' || mode === 'shadow') return { mayCostNanoUsd }
  const row = { ownerId: wanted.ownerId, suggestions: candidates }
  const [suggested = []] = await findSuggested(db, [row])
  const comparison = { mode, isCompared, suggested }
  const found = match && suggested.find(({ id }) => id === match.id)
  if (!found) return { comparison, mayCostNanoUsd }
  const { generation, similarity } = found
  return {
    comparison,
    mayCostNanoUsd: 0,
    reused: { row: generation, source: 'similar', similarity },
  }
}

/** Of a model that has said that it takes no calls for a while. */
const findModelLimit = ({ calleeLimits, asOf }: Standing): AppError | undefined => {
  const ends = calleeLimits.flatMap((until) => until?.getTime() ?? [])
  return calleeLimits.length > 0 && ends.length === calleeLimits.length
    ? new AppError('rate_limited', 'The image model takes no more calls for a while.', {
        retryable: true,
        retryAfterMs: Math.max(0, Math.min(...ends) - asOf.getTime()),
      })
    : undefined
}

/** Who would take the call: the first that is not limited. */
const findTaker = (
  providers: Providers,
  wanted: GenerationToInsert,
  { calleeLimits }: Standing,
): Callee | undefined => {
  const callees = listCallees(providers, wanted)
  return callees.find((_callee, place) => !calleeLimits[place]) ?? callees[0]
}
