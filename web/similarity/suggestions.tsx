import type { ComponentChildren } from 'preact'
import type { GenerationResult, SimilarImage } from '../../src/client.ts'
import { thumbnailUrl } from '../gallery/thumbnails.ts'
import { Picture } from '../parts/picture.tsx'
import { describeReasons, formatSimilarity } from './modes.ts'
import { usePromptDifference } from './prompt-difference.tsx'
import { VerdictButtons } from './verdict-buttons.tsx'

const THUMBNAIL_PX = 160

/** The images that were there before, of similar prompts, and how each differs from this one. */
export const Suggestions = ({ generation }: { generation: GenerationResult }) => {
  const { id, prompt, similar = [] } = generation
  if (similar.length === 0) return null
  const match = similar.find(({ passes }) => passes)
  return (
    <section class="suggestions" aria-label="Similar images">
      <h3>Similar images that you have</h3>
      <ul>
        {similar.map((image) => (
          <Suggestion key={image.generationId} image={image} prompt={prompt}>
            {image === match && id && <VerdictButtons generationId={id} about={image.prompt} />}
          </Suggestion>
        ))}
      </ul>
    </section>
  )
}

const Suggestion = ({
  image,
  prompt,
  children,
}: {
  image: SimilarImage
  prompt: string
  children: ComponentChildren
}) => {
  const words = usePromptDifference(prompt, image.prompt)
  return (
    <li class="suggestion">
      <a href={`/generations/${image.generationId}`} aria-label={`Show: ${image.prompt}`}>
        <Picture
          src={thumbnailUrl(image.imageUrl, THUMBNAIL_PX)}
          alt=""
          aspectRatio="1 / 1"
          isLazy
        />
      </a>
      <div>
        <p class="clamp">{words.other}</p>
        <p class="muted">
          {formatSimilarity(image.similarity)}; {describeReasons(image.reasons, image.judge)}
        </p>
        {children}
      </div>
    </li>
  )
}
