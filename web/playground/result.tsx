import { useState } from 'preact/hooks'
import type { GenerationRequestInput, GenerationResult } from '../../src/client.ts'
import { RegenerateDialog } from '../generations/regenerate-dialog.tsx'
import { ProviderBadge, SourceBadge, StatusBadge, TierBadge } from '../parts/badge.tsx'
import { Button, ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { formatUsd } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { Said } from '../parts/said.tsx'
import { ReusedSimilar } from '../similarity/reused-similar.tsx'
import { Suggestions } from '../similarity/suggestions.tsx'
import { CancelButton } from './cancel-button.tsx'
import { ResultPicture } from './result-picture.tsx'
import { SeveralResults } from './several-results.tsx'
import { Timeline } from './timeline.tsx'
import type { Run } from './use-run.ts'

type Props = { run: Run | undefined; onRun: (request: GenerationRequestInput) => void }

/** The run as it goes on, and what came of it. */
export const Result = ({ run, onRun }: Props) => {
  if (!run) {
    return (
      <Card title="Result">
        <EmptyState title="Your image appears here">
          <p>Ask for it once, and pay once. Ask for the same again, and it is here at no cost.</p>
        </EmptyState>
      </Card>
    )
  }
  // What was not taken is one failure, of however many pictures.
  const isTaken = run.isRunning || run.states.some((each) => each?.id)
  if (run.states.length > 1 && isTaken) return <SeveralResults run={run} onRun={onRun} />
  const { state, isRunning, request } = run
  const isOver = state !== undefined && !isRunning
  return (
    <Card
      title="Result"
      actions={
        <>
          {state?.provider && <ProviderBadge provider={state.provider} />}
          {state?.reuse && <SourceBadge source={state.reuse.source} />}
          {state && <StatusBadge status={state.status} />}
          {isRunning && state?.id && <CancelButton ids={[state.id]} />}
        </>
      }
    >
      <div class="result">
        <ResultPicture state={state} isRunning={isRunning} />
        {isOver && <Said words={state.said} />}
        {isOver && <Failure state={state} onTryAgain={() => onRun(request)} />}
        {isOver && <Money state={state} />}
        {isOver && (
          <ReusedSimilar generation={state}>
            <Button
              isSmall
              icon="again"
              onClick={() => onRun({ ...request, declineSimilar: true })}
            >
              Make a new one instead
            </Button>
            {state.reuse && state.reuse.savedUsd > 0 && (
              <span class="muted">about {formatUsd(state.reuse.savedUsd)}</span>
            )}
          </ReusedSimilar>
        )}
        {isOver && (
          <ResultActions
            state={state}
            onRegenerate={() => onRun({ ...request, skipExistingCheck: true })}
          />
        )}
        {state && <Suggestions generation={state} />}
        <Timeline run={run} />
      </div>
    </Card>
  )
}

const Failure = ({ state, onTryAgain }: { state: GenerationResult; onTryAgain: () => void }) => {
  if (state.status === 'canceled') {
    return <Notice>It was canceled. The placeholder is shown in its place.</Notice>
  }
  if (!state.error) return null
  return (
    <Notice tone="bad">
      <p>
        <strong>{state.error.message}</strong> <code>{state.error.code}</code>
      </p>
      {state.error.retryable && (
        <Button isSmall icon="again" onClick={onTryAgain}>
          Try again
        </Button>
      )}
    </Notice>
  )
}

/** What it cost, or did not. */
const Money = ({
  state: { status, reuse, costUsd, provider, tier },
}: {
  state: GenerationResult
}) => {
  if (status !== 'succeeded') return null
  if (provider === 'local') {
    return (
      <Notice tone="warn">The local renderer drew it: no model was called, nothing paid.</Notice>
    )
  }
  if (reuse) {
    return (
      <Notice tone="good">
        Reused. <strong>{formatUsd(reuse.savedUsd)}</strong> not spent.
      </Notice>
    )
  }
  return (
    <Notice>
      Paid <strong>{formatUsd(costUsd ?? 0)}</strong>
      <TierBadge tier={tier} />. Asking for it again is free.
    </Notice>
  )
}

const ResultActions = ({
  state,
  onRegenerate,
}: {
  state: GenerationResult
  onRegenerate: () => void
}) => {
  const [isAsking, setIsAsking] = useState(false)
  if (!state.id) return null
  return (
    <div class="row">
      {!state.isPlaceholder && (
        <>
          <ButtonLink isSmall icon="open" href={state.imageUrl} isElsewhere>
            Open
          </ButtonLink>
          <CopyButton text={state.imageUrl} name="Copy URL" />
        </>
      )}
      {state.status === 'succeeded' && (
        <Button isSmall icon="again" onClick={() => setIsAsking(true)}>
          Regenerate
        </Button>
      )}
      <ButtonLink isSmall icon="generations" href={`/generations/${state.id}`}>
        Show generation
      </ButtonLink>
      {isAsking && (
        <RegenerateDialog
          model={state.model ?? ''}
          imageSize={state.imageSize ?? ''}
          onConfirm={async () => onRegenerate()}
          onClose={() => setIsAsking(false)}
        />
      )}
    </div>
  )
}
