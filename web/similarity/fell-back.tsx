import { useState } from 'preact/hooks'
import type { SimilarityReport } from '../../src/contract/similarity.ts'
import { Button } from '../parts/button.tsx'
import { formatPercent } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { Time } from '../parts/time.tsx'
import { useToast } from '../parts/toast.tsx'
import { chooseMode } from './calls.ts'

/** Says that reuse turned itself off, since when and why, and turns it on again. */
export const FellBack = ({
  report: { fellBackAt, precisionFloor, chosenMode },
  owner,
  onChosen,
}: {
  report: SimilarityReport
  owner: string
  onChosen: () => void
}) => {
  const [isBusy, setIsBusy] = useState(false)
  const showToast = useToast()
  if (!fellBackAt) return null
  const turnOn = async () => {
    setIsBusy(true)
    // Choosing the same again is enough; null, where the choice was left to the server.
    await chooseMode(chosenMode, owner).then(
      () => showToast('Similar images are reused again.'),
      (error: Error) => showToast(error.message, 'bad'),
    )
    setIsBusy(false)
    onChosen()
  }
  return (
    <Notice tone="warn">
      <p>
        <strong>Reuse turned itself back to suggest</strong>, <Time at={fellBackAt} />: of the
        images that it answered with, fewer than {formatPercent(precisionFloor)} were right.
      </p>
      <p>
        Look at those judged wrong before you turn it on again; precision is then measured anew.
      </p>
      <Button isSmall icon="again" isBusy={isBusy} onClick={turnOn}>
        Turn reuse on again
      </Button>
    </Notice>
  )
}
