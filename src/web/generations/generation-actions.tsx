import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { Generation } from '../../client.ts'
import { isTerminal } from '../../contract/status.ts'
import { Button, ButtonLink } from '../parts/button.tsx'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { useToast } from '../parts/toast.tsx'
import { cancel, regenerate, retry } from './actions.ts'

/** What can be done with a generation where it stands. */
export const GenerationActions = ({
  generation,
  onChanged,
}: {
  generation: Generation
  onChanged: () => void
}) => {
  const { id, status, imageUrl } = generation
  const showToast = useToast()
  const [isAsking, setIsAsking] = useState(false)
  const { route } = useLocation()
  const act = (deed: () => Promise<unknown>) => () =>
    deed().then(onChanged, (error: Error) => showToast(error.message, 'bad'))

  return (
    <>
      {status === 'succeeded' && (
        <ButtonLink icon="open" href={imageUrl} isElsewhere>
          Open
        </ButtonLink>
      )}
      <ButtonLink icon="playground" href={playgroundPath(generation)}>
        Open in the playground
      </ButtonLink>
      {!isTerminal(status) && (
        <Button icon="stop" kind="danger" onClick={act(() => cancel(id))}>
          Cancel
        </Button>
      )}
      {(status === 'failed' || status === 'canceled') && (
        <Button icon="again" kind="primary" onClick={act(() => retry(id))}>
          Retry
        </Button>
      )}
      {status === 'succeeded' && (
        <Button icon="again" onClick={() => setIsAsking(true)}>
          Regenerate
        </Button>
      )}
      {isAsking && (
        <ConfirmDialog
          title="Make another image of the same request?"
          confirm="Pay again"
          onConfirm={async () => route(`/generations/${(await regenerate(id)).id}`)}
          onClose={() => setIsAsking(false)}
        >
          <p>
            A new image is made even though there is one, and the model’s price is due again. From
            then on the newest image answers this request.
          </p>
        </ConfirmDialog>
      )}
    </>
  )
}

const playgroundPath = (generation: Generation): string => {
  const { prompt, model, imageSize, aspectRatio = '', variant = '' } = generation
  return `/playground?${new URLSearchParams({ prompt, model, imageSize, aspectRatio, variant })}`
}
