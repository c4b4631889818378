import type { GenerationRequestInput, GenerationResult } from '../../src/client.ts'
import { isTerminal } from '../../src/contract/status.ts'
import { SourceBadge, StatusBadge } from '../parts/badge.tsx'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { formatUsd } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { CancelButton } from './cancel-button.tsx'
import { ResultPicture } from './result-picture.tsx'
import { Timeline } from './timeline.tsx'
import type { Run } from './use-run.ts'

type State = GenerationResult | undefined

/** A run for several pictures: each as it comes, and what all of them cost. */
export const SeveralResults = ({
  run,
  onRun,
}: {
  run: Run
  onRun: (request: GenerationRequestInput) => void
}) => {
  const { states, isRunning, request } = run
  const unfinished = states.flatMap((state) =>
    state?.id && !isTerminal(state.status) ? [state.id] : [],
  )
  const isMissing = states.some((state) => state?.error?.retryable)
  return (
    <Card
      title="Result"
      actions={isRunning && unfinished.length > 0 && <CancelButton ids={unfinished} />}
    >
      <div class="result">
        <ol class="several" aria-label="Pictures">
          {states.map((state, index) => (
            <OneOfSeveral key={index} state={state} number={index + 1} isRunning={isRunning} />
          ))}
        </ol>
        {!isRunning && <Sum states={states} />}
        {!isRunning && isMissing && (
          <div class="row">
            <Button isSmall icon="again" onClick={() => onRun(request)}>
              Ask again for what is missing
            </Button>
          </div>
        )}
        <Timeline run={run} />
      </div>
    </Card>
  )
}

const OneOfSeveral = ({
  state,
  number,
  isRunning,
}: {
  state: State
  number: number
  isRunning: boolean
}) => {
  const isMaking = isRunning && !(state && isTerminal(state.status))
  return (
    <li>
      <ResultPicture state={state} isRunning={isMaking} />
      <div class="badges">
        {state?.id ? (
          <a href={`/generations/${state.id}`}>Picture {number}</a>
        ) : (
          <span class="muted">Picture {number}</span>
        )}
        {state && state.status !== 'succeeded' && <StatusBadge status={state.status} />}
        {state?.reuse && <SourceBadge source={state.reuse.source} />}
      </div>
      {!isMaking && state?.error && <p class="field-problem">{state.error.message}</p>}
    </li>
  )
}

/** What they cost together, and what they did not. */
const Sum = ({ states }: { states: readonly State[] }) => {
  const made = states.filter((state) => state?.status === 'succeeded')
  if (made.length === 0) return null
  if (made.some((state) => state?.provider === 'local')) {
    return (
      <Notice tone="warn">The local renderer drew them: no model was called, nothing paid.</Notice>
    )
  }
  const reused = made.filter((state) => state?.reuse)
  const paidUsd = sum(states.map((state) => (state?.reuse ? 0 : state?.costUsd)))
  const savedUsd = sum(reused.map((state) => state?.reuse?.savedUsd))
  return (
    <Notice tone={paidUsd === 0 ? 'good' : 'info'}>
      {paidUsd > 0 && (
        <>
          Paid <strong>{formatUsd(paidUsd)}</strong> for {made.length - reused.length}.{' '}
        </>
      )}
      {reused.length > 0 && (
        <>
          Reused {reused.length}: <strong>{formatUsd(savedUsd)}</strong> not spent.{' '}
        </>
      )}
      {reused.length < made.length && 'Asking again is free.'}
    </Notice>
  )
}

const sum = (amounts: readonly (number | undefined)[]): number =>
  amounts.reduce<number>((total, amount) => total + (amount ?? 0), 0)
