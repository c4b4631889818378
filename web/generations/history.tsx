import type { GenerationAttempt, GenerationHistory } from '../../src/contract/generation-history.ts'
import { Badge, TierBadge } from '../parts/badge.tsx'
import { Card } from '../parts/card.tsx'
import { formatBytes, formatDuration, formatMoment, formatUsd } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { listRuns } from './runs.ts'
import { Waterfall } from './waterfall.tsx'

/** The steps of the newest asking, those of the earlier ones behind it, and each attempt with its cost. */
export const History = ({ history }: { history: GenerationHistory }) => {
  const [newest, ...earlier] = listRuns(history, Date.now()).reverse()
  return (
    <>
      <Card title="What happened">
        {history.isCut && <Notice>There is more history than is shown: the newest is here.</Notice>}
        <div class="runs">
          {newest ? <Waterfall run={newest} label="Steps" /> : <p class="muted">Nothing yet.</p>}
          {earlier.map((run) => (
            <details key={run.startedAt}>
              <summary>
                Asked for on {formatMoment(run.startedAt)}, {formatDuration(run.lengthMs)}
              </summary>
              <Waterfall run={run} label={`Steps from ${formatMoment(run.startedAt)} on`} />
            </details>
          ))}
        </div>
      </Card>
      {history.attempts.length > 0 && (
        <Card title="Attempts">
          <Attempts attempts={history.attempts} />
        </Card>
      )}
      {history.surplus.length > 0 && (
        <Card title="Paid for besides">
          <Surplus surplus={history.surplus} />
        </Card>
      )}
    </>
  )
}

const Attempts = ({ attempts }: Pick<GenerationHistory, 'attempts'>) => (
  <Table
    caption="Tries that may cost money"
    rows={attempts.map((attempt, index) => ({ ...attempt, number: index + 1 }))}
    keyOf={({ number }) => String(number)}
    columns={[
      { name: 'Attempt', cell: ({ number }) => number, sortBy: ({ number }) => number },
      { name: 'Outcome', cell: ({ outcome }) => <Outcome outcome={outcome} /> },
      { name: 'Started', cell: ({ startedAt }) => <Time at={startedAt} /> },
      {
        name: 'Took',
        isNumber: true,
        cell: ({ startedAt, finishedAt }) =>
          finishedAt ? formatDuration(Date.parse(finishedAt) - Date.parse(startedAt)) : '–',
      },
      {
        name: 'Cost',
        isNumber: true,
        sortBy: ({ costUsd }) => costUsd,
        cell: ({ costUsd, ...attempt }) => (
          <span title={explainCost(attempt)}>
            {attempt.isEstimate && '≈ '}
            {formatUsd(costUsd)}
            <TierBadge tier={attempt.servedTier ?? attempt.tier} />
          </span>
        ),
      },
      {
        name: 'Worker',
        cell: ({ workerId }) => (
          <code class="cut" title={workerId}>
            {workerId}
          </code>
        ),
      },
    ]}
  />
)

/** What does not decode is for whoever can tell what it is; the model was paid for it. */
const Surplus = ({ surplus }: Pick<GenerationHistory, 'surplus'>) => (
  <Table
    caption="What calls brought besides the image"
    rows={surplus.map((each, index) => ({ ...each, number: index + 1 }))}
    keyOf={({ number }) => String(number)}
    columns={[
      { name: 'What', cell: ({ kind, reason }) => <Kind kind={kind} reason={reason} /> },
      { name: 'Came', cell: ({ at }) => <Time at={at} /> },
      {
        name: 'Size',
        isNumber: true,
        sortBy: ({ sizeBytes }) => sizeBytes,
        cell: ({ sizeBytes }) => formatBytes(sizeBytes),
      },
      {
        name: 'Bytes',
        cell: ({ url, digest }) => (
          <a href={new URL(url).pathname} download>
            {digest.slice(0, 12)}
          </a>
        ),
      },
    ]}
  />
)

const Kind = ({ kind, reason }: Pick<GenerationHistory['surplus'][number], 'kind' | 'reason'>) =>
  kind === 'picture' ? (
    <Badge tone="info">another picture</Badge>
  ) : (
    <>
      <Badge tone="bad">does not decode</Badge> {reason}
    </>
  )

const explainCost = ({
  mayHaveCharged,
  isEstimate,
}: Pick<GenerationAttempt, 'mayHaveCharged' | 'isEstimate'>): string | undefined => {
  if (isEstimate) return 'What it may cost: the model has not said.'
  return mayHaveCharged ? undefined : 'The model charges nothing for this.'
}

const Outcome = ({ outcome }: { outcome: string | undefined }) => {
  if (outcome === undefined) return <Badge tone="info">under way</Badge>
  return <Badge tone={outcome === 'image' ? 'good' : 'bad'}>{outcome}</Badge>
}
