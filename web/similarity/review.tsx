import type { SimilarityCheck } from '../../src/contract/similarity.ts'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { More } from '../parts/more.tsx'
import { Notice } from '../parts/notice.tsx'
import { Segments } from '../parts/segments.tsx'
import { usePages } from '../use-pages.ts'
import { Match } from './match.tsx'
import { checksPath, type Scope } from './scope.ts'

const verdicts = [
  { value: 'pending', name: 'To judge' },
  { value: 'accepted', name: 'Right' },
  { value: 'rejected', name: 'Wrong' },
  { value: '', name: 'All' },
]

const modes = [
  { value: '', name: 'Any mode' },
  ...['reuse', 'suggest', 'shadow'].map((mode) => ({ value: mode, name: mode })),
]

/** Matches to judge. What was judged stays where it is until the list is asked for again, so that it can be changed. */
export const Review = ({
  scope,
  isAdmin,
  onChange,
  onJudged,
}: {
  scope: Scope
  isAdmin: boolean
  onChange: (change: Partial<Scope>) => void
  onJudged: () => void
}) => {
  const pages = usePages<SimilarityCheck>(checksPath(scope, isAdmin), 'checks')
  const { rows, error, reload } = pages
  return (
    <Card
      title="Matches"
      actions={
        <>
          <Segments
            label="Found in the mode"
            value={scope.mode}
            segments={modes}
            onChange={(mode) => onChange({ mode })}
          />
          <Segments
            label="Verdict"
            value={scope.verdict}
            segments={verdicts}
            onChange={(verdict) => (verdict === scope.verdict ? reload() : onChange({ verdict }))}
          />
        </>
      }
    >
      <p class="matches-about">
        Would one picture do for both prompts? <mark class="word-only">Marked</mark> is what only
        one of them says, <mark class="word-moved">underlined</mark> what stands elsewhere.
      </p>
      {error && <Notice tone="bad">{error.message}</Notice>}
      {rows?.length === 0 && <Nothing verdict={scope.verdict} />}
      <ul class="matches" aria-label="Matches" aria-busy={!rows}>
        {rows?.map((check) => (
          <Match key={check.generationId} check={check} onJudged={onJudged} />
        ))}
      </ul>
      <More pages={pages} />
    </Card>
  )
}

const Nothing = ({ verdict }: { verdict: string }) =>
  verdict === 'pending' ? (
    <EmptyState icon="check" title="Nothing waits to be judged">
      <p>
        As soon as a prompt is found that an image exists for already, in any mode but off, both
        stand here side by side.
      </p>
    </EmptyState>
  ) : (
    <EmptyState icon="similar" title="No match is in this list" />
  )
