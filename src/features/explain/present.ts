import type { ExplainedImage, ExplainedLimit, Explanation } from '../../contract/explanation.ts'
import {
  type AnswerContext,
  defined,
  describeBatch,
  presentSuggested,
  savedUsdOf,
  showGeneration,
  type Urls,
} from '../../generation/read/present.ts'
import { hasRoom, type StandingLimit } from '../../generation/state/foresee-insert.ts'
import type { AppError } from '../../lib/errors.ts'
import { type NanoUsd, toUsd } from '../../lib/money.ts'
import type { Price } from './estimate.ts'
import type { Foreseen, ForeseenImage } from './explain.ts'

type Context = Pick<AnswerContext, 'urls' | 'listPriceUsd'>

/** An explanation as it is answered. */
export const presentExplanation = (
  { standing, billedTo, images, neededNanoUsd }: Foreseen,
  context: Context,
): Explanation => ({
  asOf: standing.asOf.toISOString(),
  atMostUsd: sumUsd(images.map(({ price }) => price.atMostNanoUsd)),
  expectedUsd: sumUsd(images.map(({ price }) => price.expectedNanoUsd)),
  billedTo,
  limits: standing.limits.map((limit) => presentLimit(limit, neededNanoUsd)),
  images: images.map((image) => presentImage(image, standing.asOf, context)),
})

const sumUsd = (amounts: NanoUsd[]): number => toUsd(amounts.reduce((all, each) => all + each, 0))

/** What others spend is not the caller's to know: of their limits it is told whether there is room. */
const presentLimit = (limit: StandingLimit, neededNanoUsd: number): ExplainedLimit => {
  const [scope] = limit.scope.split(':') as [ExplainedLimit['scope']]
  const isOwn = scope === 'owner' || scope === 'key'
  return {
    scope,
    period: limit.period,
    resetsAt: limit.resetsAt.toISOString(),
    ...(isOwn && {
      limitUsd: toUsd(limit.limitNanoUsd),
      leftUsd: toUsd(Math.max(0, limit.limitNanoUsd - limit.spentNanoUsd)),
    }),
    isEnough: hasRoom(limit, neededNanoUsd),
  }
}

const presentImage = (image: ForeseenImage, asOf: Date, context: Context): ExplainedImage => {
  const { id, fingerprint, would, reason, from, comparison, price, ...rest } = image
  return {
    would,
    price: presentPrice(price),
    ...defined({
      id,
      fingerprint,
      reason: reason && presentReason(reason, asOf),
      from: from && presentFrom(from, context),
      comparison: comparison && presentComparison(comparison, context.urls),
      queuePosition: rest.queuePosition,
      expected: rest.expected,
    }),
  }
}

const presentPrice = ({ atMostNanoUsd, expectedNanoUsd, basis, tier }: Price) => ({
  atMostUsd: toUsd(atMostNanoUsd),
  expectedUsd: toUsd(expectedNanoUsd),
  basis,
  ...(tier && { tier }),
})

const presentReason = (
  { code, message, retryable, pointer, retryAfterMs }: AppError,
  asOf: Date,
): ExplainedImage['reason'] => ({
  code,
  message,
  retryable,
  ...(pointer !== undefined && { pointer }),
  ...(retryAfterMs !== undefined && {
    retryAt: new Date(asOf.getTime() + retryAfterMs).toISOString(),
  }),
})

const presentFrom = (
  { row, source, similarity }: NonNullable<ForeseenImage['from']>,
  { urls, listPriceUsd }: Context,
): ExplainedImage['from'] => ({
  generationId: row.id,
  status: row.status,
  imageUrl: showGeneration(row, urls),
  prompt: row.prompt,
  savedUsd: source ? savedUsdOf(row, listPriceUsd) : 0,
  createdAt: row.createdAt.toISOString(),
  ...defined({
    source,
    similarity,
    batch: describeBatch(row),
    finishedAt: row.finishedAt?.toISOString(),
  }),
})

const presentComparison = (
  { mode, isCompared, suggested }: NonNullable<ForeseenImage['comparison']>,
  urls: Urls,
): ExplainedImage['comparison'] => ({
  mode: mode as NonNullable<ExplainedImage['comparison']>['mode'],
  isCompared,
  similar: suggested.map((each) => presentSuggested(each, urls)),
})
