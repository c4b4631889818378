import { Button } from '../parts/button.tsx'
import { useVerdict } from './use-verdict.ts'

/** Says of a similar image whether it is the right one. Stays, so that it can be said otherwise. */
export const VerdictButtons = ({
  generationId,
  about,
  known,
  onJudged,
}: {
  generationId: string
  /** The prompt, for who hears the buttons by themselves. */
  about: string
  /** What was said before, as far as the page knows. */
  known?: boolean | undefined
  onJudged?: (accepted: boolean) => void
}) => {
  const { accepted, judge } = useVerdict(generationId, known, onJudged)
  const name = about.slice(0, 60)
  return (
    <fieldset class="verdict">
      <legend class="visually-hidden">Is the similar image the right one?</legend>
      <Button
        isSmall
        icon="check"
        isPressed={accepted === true}
        label={`Right: ${name}`}
        onClick={() => judge(true)}
      >
        Right
      </Button>
      <Button
        isSmall
        icon="cross"
        isPressed={accepted === false}
        label={`Wrong: ${name}`}
        onClick={() => judge(false)}
      >
        Wrong
      </Button>
    </fieldset>
  )
}
