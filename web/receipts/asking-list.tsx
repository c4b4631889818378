import type { Asking } from '../../src/contract/receipt.ts'
import { Button } from '../parts/button.tsx'
import { formatMoment, formatUsd } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { formatSimilarity } from '../similarity/modes.ts'
import { usePromptDifference } from '../similarity/prompt-difference.tsx'
import { formatTime, groupByDay } from './days.ts'
import { countOf, describeForcedBy, kindWords } from './words.ts'

type Shown = Pick<Asking, 'kind' | 'at' | 'costUsd' | 'savedUsd'> & Partial<Asking>

/** Every asking, by day, the newest first. */
export const AskingList = ({
  askings,
  prompt,
  isLoading,
  more,
}: {
  askings: readonly Shown[]
  /** The image's own, against which those of others are held. */
  prompt: string
  isLoading: boolean
  more: (() => void) | undefined
}) => (
  <div class="askings">
    {groupByDay(askings).map(({ day, rows }) => (
      <section key={day} aria-label={day}>
        <h3>{day}</h3>
        <ol>
          {rows.map((asking, at) => (
            <Row key={asking.id ?? at} asking={asking} prompt={prompt} />
          ))}
        </ol>
      </section>
    ))}
    {more && (
      <div class="more">
        <Button icon="down" isBusy={isLoading} onClick={more}>
          Show older
        </Button>
      </div>
    )}
  </div>
)

const Row = ({ asking, prompt }: { asking: Shown; prompt: string }) => {
  const { kind, at, forcedBy, calls = 0, similarity, status, isOther, generationId } = asking
  const { name, icon, tone, explains } = kindWords[kind]
  return (
    <li class={`asking asking-${tone}`}>
      <span class="asking-icon">
        <Icon name={icon} />
      </span>
      <div class="asking-what">
        <p>
          <strong>{name}</strong>{' '}
          <span class="muted">
            {forcedBy ? describeForcedBy(forcedBy) : explains}
            {similarity !== undefined && `, ${formatSimilarity(similarity)}`}
            {calls > 1 && `, in ${countOf(calls, 'call')}`}
            {status && status !== 'succeeded' && `; it is ${status}`}
          </span>
          {isOther && generationId && (
            <>
              {' '}
              <a href={`/receipts/${generationId}`}>the other image</a>
            </>
          )}
        </p>
        {asking.prompt && asking.prompt !== prompt && (
          <OtherWords prompt={prompt} other={asking.prompt} />
        )}
      </div>
      <time dateTime={at} title={formatMoment(at)}>
        {formatTime(at)}
      </time>
      <Money asking={asking} />
    </li>
  )
}

const OtherWords = ({ prompt, other }: { prompt: string; other: string }) => {
  const words = usePromptDifference(prompt, other)
  return <p class="asking-words">“{words.other}”</p>
}

const Money = ({ asking: { costUsd, savedUsd, isEstimate } }: { asking: Shown }) => {
  if (savedUsd !== undefined) {
    return <span class="asking-money asking-saved">saved {formatUsd(savedUsd)}</span>
  }
  if (costUsd === undefined) return <span class="asking-money muted">–</span>
  return (
    <span class="asking-money">
      {isEstimate && '≈ '}
      {formatUsd(costUsd)}
    </span>
  )
}
