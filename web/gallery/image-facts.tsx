import type { Image } from '../../src/client.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { formatBytes, formatMoment } from '../parts/format.ts'
import { useResource } from '../use-resource.ts'
import { imageWords } from './describe.ts'
import { madeFromPath } from './made-from.ts'

export const ImageFacts = ({ image }: { image: Image }) => {
  const { id, prompt, imageType, width, height, sizeBytes, mimeType, generatedAt } = image
  const { since, from } = imageWords[imageType]
  return (
    <>
      {prompt && <p class="viewer-prompt">{prompt}</p>}
      <dl class="facts">
        {width && height && (
          <>
            <dt>Size</dt>
            <dd>
              {width} × {height}
              {sizeBytes && `, ${formatBytes(sizeBytes)}`}
            </dd>
          </>
        )}
        {mimeType && (
          <>
            <dt>Format</dt>
            <dd>{mimeType.slice('image/'.length)}</dd>
          </>
        )}
        <Making image={image} />
        <dt>{since}</dt>
        <dd>{formatMoment(generatedAt)}</dd>
        {from && (
          <>
            <dt>{from}</dt>
            <dd>
              <a href={`/generations/${id}`}>its generation</a>
            </dd>
          </>
        )}
        <dt>Id</dt>
        <dd class="row">
          <code>{id}</code>
          <CopyButton text={id} label="Copy the image’s id" />
        </dd>
      </dl>
    </>
  )
}

/** How it was made of its condition image, and what was made of itself. */
const Making = ({
  image: { transformation, variant, conditionImage, digest },
}: {
  image: Image
}) => (
  <>
    {transformation && (
      <>
        <dt>Made as</dt>
        <dd>{transformation}</dd>
      </>
    )}
    {variant && (
      <>
        <dt>Variant</dt>
        <dd>{variant}</dd>
      </>
    )}
    {conditionImage && (
      <>
        <dt>From</dt>
        <dd>
          a condition image; <a href={madeFromPath(conditionImage)}>all made from it</a>
        </dd>
      </>
    )}
    {digest && <MadeFromIt key={digest} digest={digest} />}
  </>
)

/** Only where there are any. */
const MadeFromIt = ({ digest }: { digest: string }) => {
  const query = new URLSearchParams({ conditionImage: digest, limit: '1' })
  const { value } = useResource<{ images: Image[] }>(`/api/images?${query}`)
  if (!value?.images.length) return null
  return (
    <>
      <dt>Used for</dt>
      <dd>
        <a href={madeFromPath(digest)}>Images made from it</a>
      </dd>
    </>
  )
}
