import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { Generation } from '../../src/client.ts'
import { isTerminal } from '../../src/contract/status.ts'
import { Button, ButtonLink } from '../parts/button.tsx'
import { useToast } from '../parts/toast.tsx'
import { cancel, regenerate, retry } from './actions.ts'
import { RegenerateDialog } from './regenerate-dialog.tsx'

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
        <ButtonLink icon="coins" href={`/receipts/${id}`}>
          Receipt
        </ButtonLink>
      )}
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
        <RegenerateDialog
          model={generation.model}
          imageSize={generation.imageSize}
          onConfirm={async () => route(`/generations/${(await regenerate(id)).id}`)}
          onClose={() => setIsAsking(false)}
        />
      )}
    </>
  )
}

const playgroundPath = (generation: Generation): string => {
  const { prompt, model, imageSize, aspectRatio, variant } = generation
  const { negativePrompt, seed, thinkingLevel } = generation
  const said = {
    prompt,
    model,
    imageSize,
    aspectRatio,
    variant,
    negativePrompt,
    seed,
    thinkingLevel,
  }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(said)) {
    if (value !== undefined) query.set(name, String(value))
  }
  return `/playground?${query}`
}
