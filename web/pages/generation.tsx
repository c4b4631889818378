import { useEffect } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import type { Generation as GenerationState } from '../../src/client.ts'
import type { GenerationHistory } from '../../src/contract/generation-history.ts'
import { Facts } from '../generations/facts.tsx'
import { GenerationActions } from '../generations/generation-actions.tsx'
import { History } from '../generations/history.tsx'
import { useGeneration } from '../generations/use-generation.ts'
import { StatusBadge } from '../parts/badge.tsx'
import { Card } from '../parts/card.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Picture } from '../parts/picture.tsx'
import { Said } from '../parts/said.tsx'
import { ReusedSimilar } from '../similarity/reused-similar.tsx'
import { Suggestions } from '../similarity/suggestions.tsx'
import { useResource } from '../use-resource.ts'

/** One generation: its image, its request, and every step on the way. */
export const Generation = () => {
  const { params } = useRoute()
  const id = params.id ?? ''
  const { generation, error, follow } = useGeneration(id)
  const { value: history, reload } = useResource<GenerationHistory>(
    `/api/generations/${encodeURIComponent(id)}/history`,
  )
  useEffect(() => {
    if (generation) reload()
  }, [generation?.status, generation?.attempts])

  return (
    <Page
      title="Generation"
      about={
        <>
          <a href="/generations">Generations</a> / <code>{id}</code>
        </>
      }
      actions={generation && <GenerationActions generation={generation} onChanged={follow} />}
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      {generation && (
        <div class="generation">
          <div>
            <Shown generation={generation} />
            <Similar generation={generation} />
            <Facts generation={generation} />
          </div>
          <div>{history?.id === id && <History history={history} />}</div>
        </div>
      )}
    </Page>
  )
}

/** Where there is something to tell: the similar image that was the answer, or those that were found. */
const Similar = ({ generation }: { generation: GenerationState }) => {
  if (generation.reuse?.similarity === undefined && !generation.similar?.length) return null
  return (
    <Card title="Similar prompts">
      <div class="similar">
        <ReusedSimilar generation={generation} />
        <Suggestions generation={generation} />
      </div>
    </Card>
  )
}

const Shown = ({ generation }: { generation: GenerationState }) => {
  const { status, imageUrl, prompt, thumbhash, width, height, error, isPlaceholder, said } =
    generation
  const ratio = generation.aspectRatio?.replace(':', ' / ') ?? '1 / 1'
  const isOver = status !== 'queued' && status !== 'running'
  return (
    <Card title="Image" actions={<StatusBadge status={status} />}>
      <div class="result">
        {isOver ? (
          <Picture
            src={imageUrl}
            alt={isPlaceholder ? `Placeholder for: ${prompt}` : prompt}
            thumbhash={thumbhash}
            aspectRatio={width ? `${width} / ${height}` : ratio}
          />
        ) : (
          <div class="picture is-waiting" style={{ aspectRatio: ratio }} />
        )}
        <Said words={said} />
        {error && (
          <Notice tone={isOver ? 'bad' : 'warn'}>
            <strong>{error.message}</strong> <code>{error.code}</code>
          </Notice>
        )}
      </div>
    </Card>
  )
}
