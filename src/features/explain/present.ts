import type { ExplainedImage, ExplainedLimit, Explanation } from '../../contract/explanation.ts'
import {
  type AnswerContext,
  defined,
  presentSuggested,
  showGeneration,
  type Urls,
} from '../../generation/read/present.ts'
import { hasRoom, type StandingLimit } from '../../generation/state/foresee-insert.ts'
import type { AppError } from '../../lib/errors.ts'
import type { Foreseen, ForeseenImage } from './explain.ts'

type Context = Pick<AnswerContext, 'urls' | 'listPriceUsd'>

/** An explanation as it is answered. */
export const presentExplanation = (
  { standing, images, neededUsd }: Foreseen,
  context: Context,
): Explanation => ({
  asOf: standing.asOf.toISOString(),
  atMostUsd: sum(images.map(({ price }) => price.atMostUsd)),
  expectedUsd: sum(images.map(({ price }) => price.expectedUsd)),
  limits: standing.limits.map((limit) => presentLimit(limit, neededUsd)),
  images: images.map((image) => presentImage(image, standing.asOf, context)),
})

const sum = (amounts: number[]): number =>
  Math.round(amounts.reduce((all, usd) => all + usd, 0) * 1e6) / 1e6

/** What others spend is not the caller's to know: of their limits it is told whether there is room. */
const presentLimit = (limit: StandingLimit, neededUsd: number): ExplainedLimit => {
  const [scope] = limit.scope.split(':') as [ExplainedLimit['scope']]
  const isOwn = scope === 'owner' || scope === 'key'
  return {
    scope,
    period: limit.period,
    resetsAt: limit.resetsAt.toISOString(),
    ...(isOwn && {
      limitUsd: limit.limitUsd,
      leftUsd: sum([Math.max(0, limit.limitUsd - limit.spentUsd)]),
    }),
    isEnough: hasRoom(limit, neededUsd),
  }
}

const presentImage = (image: ForeseenImage, asOf: Date, context: Context): ExplainedImage => {
  const { id, fingerprint, would, reason, from, comparison, price, ...rest } = image
  return {
    would,
    price,
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
  savedUsd: source ? (row.imageCostUsd ?? listPriceUsd(row.model, row.imageSize)) : 0,
  createdAt: row.createdAt.toISOString(),
  ...defined({ source, similarity, finishedAt: row.finishedAt?.toISOString() }),
})

const presentComparison = (
  { mode, isCompared, suggested }: NonNullable<ForeseenImage['comparison']>,
  urls: Urls,
): ExplainedImage['comparison'] => ({
  mode: mode as NonNullable<ExplainedImage['comparison']>['mode'],
  isCompared,
  similar: suggested.map((each) => presentSuggested(each, urls)),
})
