import type { Image } from '../../client.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { formatBytes, formatMoment } from '../parts/format.ts'
import { imageWords } from './describe.ts'

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
