import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { summarize } from '../../../src/features/analytics/report.ts'
import { toNanoUsd } from '../../../src/lib/money.ts'
import { type Check, exactly } from '../result.ts'

const DAY_MS = 24 * 60 * 60_000

/** One set of books: what the attempts cost is what the generations cost and, with the embeddings, what the analytics say. */
export const checkBooks = async (db: Database): Promise<Check[]> => {
  const { rows } = await sql<Sums>`select
    (select coalesce(sum(cost_nano_usd), 0)::bigint from attempts) as attempts_nano_usd,
    (select coalesce(sum(cost_nano_usd), 0)::bigint from generations) as generations_nano_usd,
    (select coalesce(sum(cost_nano_usd), 0)::bigint from embedding_calls) as embeddings_nano_usd,
    (select count(*)::int from attempts where may_have_charged and cost_nano_usd = 0) as unpriced`.execute(
    db,
  )
  const sums = rows[0]
  if (!sums) throw new Error('there are no sums')
  const { attemptsNanoUsd, generationsNanoUsd, embeddingsNanoUsd, unpriced } = sums
  const { figures } = await summarize(db, aroundToday(), undefined)
  return [
    exactly('attempts ($ · 10⁹)', attemptsNanoUsd, generationsNanoUsd),
    exactly(
      'analytics ($ · 10⁹)',
      toNanoUsd(figures.spendUsd),
      attemptsNanoUsd + embeddingsNanoUsd,
    ),
    exactly('calls that may have been charged and cost nothing', unpriced, 0),
  ]
}

type Sums = Record<
  'attemptsNanoUsd' | 'generationsNanoUsd' | 'embeddingsNanoUsd' | 'unpriced',
  number
>

const aroundToday = () => {
  const day = (atMs: number) => new Date(atMs).toISOString().slice(0, 10)
  return { from: day(Date.now() - DAY_MS), to: day(Date.now() + DAY_MS) }
}
