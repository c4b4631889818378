import type { GenerationAttempt, GenerationHistory } from '../../src/contract/generation-history.ts'
import { Badge } from '../parts/badge.tsx'
import { Card } from '../parts/card.tsx'
import { formatDuration, formatMoment, formatUsd } from '../parts/format.ts'
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
