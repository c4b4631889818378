import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import type { AnalyticsSummary } from '../../contract/analytics.ts'
import { MAX_ANALYTICS_DAYS } from '../../contract/limits.ts'
import type { Spending } from '../../contract/spending.ts'
import { answerOrExplain, toJson } from './answers.ts'
import type { McpDeps } from './deps.ts'

const inputSchema = z.strictObject({
  days: z
    .int()
    .min(1)
    .max(MAX_ANALYTICS_DAYS)
    .default(7)
    .describe('So many UTC days, the last of them today.'),
})

/** `get_costs`: what was paid, what was not, and what is left. */
export const registerCosts = (server: McpServer, { client, url }: McpDeps): void => {
  server.registerTool(
    'get_costs',
    {
      title: 'What images cost',
      description:
        'How many pictures were asked for, how many of them were paid for, and in US dollars what that cost, what was saved by reusing, and what the budgets of today and this month still allow.',
      inputSchema,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ days }, { signal }) =>
      answerOrExplain(url, async () => {
        const [summary, spending] = await Promise.all([
          client.summary({ days, signal }),
          client.spending({ signal }),
        ])
        return toJson({ ...describeSummary(summary), budgets: describeBudgets(spending) })
      }),
  )
}

const describeSummary = ({ from, to, figures, models }: AnalyticsSummary) => ({
  from,
  to,
  askedFor: figures.total,
  reused: figures.skipped.total,
  paidCalls: figures.paidCalls,
  spentUsd: figures.spendUsd,
  ofThatEstimatedUsd: figures.estimatedUsd,
  savedUsd: figures.savedUsd,
  models,
})

const describeBudgets = ({ isPaused, sums }: Spending) => ({
  isPayingStopped: isPaused,
  sums: sums.map(({ scope, period, limitUsd, spentUsd, heldUsd, resetsAt }) => ({
    scope,
    period,
    limitUsd,
    spentUsd,
    leftUsd: limitUsd === null ? null : Math.max(0, limitUsd - spentUsd - heldUsd),
    resetsAt,
  })),
})
