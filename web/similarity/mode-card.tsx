import { useState } from 'preact/hooks'
import type { SimilarityReport } from '../../src/contract/similarity.ts'
import type { SimilarityMode } from '../../src/contract/vocabulary.ts'
import { Badge } from '../parts/badge.tsx'
import { Card } from '../parts/card.tsx'
import { Icon } from '../parts/icon.tsx'
import { useToast } from '../parts/toast.tsx'
import { useSession } from '../session-context.ts'
import { chooseMode } from './calls.ts'
import { modeSentences, similarityModes } from './modes.ts'

/** What becomes of similar images, to be chosen where `owner` is one; an empty string is oneself. */
export const ModeCard = ({
  report,
  owner,
  onChosen,
}: {
  report: SimilarityReport
  /** Absent where all owners are looked at, who each have their own choice. */
  owner: string | undefined
  onChosen: () => void
}) => {
  const { mode, chosenMode, defaultMode, fellBackAt } = report
  const [isBusy, setIsBusy] = useState(false)
  const showToast = useToast()
  const choose = async (next: SimilarityMode | null) => {
    // To choose the same again would throw away what was measured.
    const isNew = next !== chosenMode || fellBackAt !== null
    if (owner === undefined || isBusy || !isNew) return
    setIsBusy(true)
    await chooseMode(next, owner).then(
      () => showToast(`Similar prompts: ${next ?? `as the server has it, ${defaultMode}`}.`),
      (error: Error) => showToast(error.message, 'bad'),
    )
    setIsBusy(false)
    onChosen()
  }
  return (
    <Card title="Mode" actions={<Badge tone="accent">in force: {mode}</Badge>}>
      {owner === undefined ? (
        <SetByServer mode={defaultMode} />
      ) : (
        <fieldset class="choices">
          <legend class="visually-hidden">Mode</legend>
          <Choice
            name="the server’s choice"
            sentence={`What the server is set to: ${defaultMode}.`}
            isChosen={chosenMode === null}
            onChoose={() => choose(null)}
          />
          {similarityModes.map((one) => (
            <Choice
              key={one}
              name={one}
              sentence={modeSentences[one]}
              isChosen={chosenMode === one}
              onChoose={() => choose(one)}
            />
          ))}
        </fieldset>
      )}
      <p class="field-hint">
        A request that says <code>similarity</code> itself is answered by that.
        {owner !== undefined && ' With each choice, precision is measured anew.'}
      </p>
    </Card>
  )
}

const Choice = ({
  name,
  sentence,
  isChosen,
  onChoose,
}: {
  name: string
  sentence: string
  isChosen: boolean
  onChoose: () => void
}) => (
  <button type="button" class="choice" aria-pressed={isChosen} onClick={onChoose}>
    {isChosen && <Icon name="check" />}
    <strong>{name}</strong>
    <span>{sentence}</span>
  </button>
)

const SetByServer = ({ mode }: { mode: SimilarityMode }) => {
  const { ownerId } = useSession()
  return (
    <>
      <p>{modeSentences[mode]}</p>
      <p class="muted">
        That is <code>SIMILARITY_MODE</code>, for owners who chose nothing themselves. Name an owner
        to see and change what is in force for them, or see{' '}
        <a href={`/similarity?${new URLSearchParams({ owner: ownerId })}`}>your own</a>.
      </p>
    </>
  )
}
