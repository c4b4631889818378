import type { Generation } from '../../src/client.ts'
import type { Receipt, Sibling } from '../../src/contract/receipt.ts'
import { nameImage } from '../gallery/describe.ts'
import { thumbnailUrl } from '../gallery/thumbnails.ts'
import { Badge } from '../parts/badge.tsx'
import { formatUsd } from '../parts/format.ts'
import { Picture } from '../parts/picture.tsx'
import { Time } from '../parts/time.tsx'
import { usePromptDifference } from '../similarity/prompt-difference.tsx'
import { describeFields } from './fields.ts'
import { describeForcedBy } from './words.ts'

const THUMBNAIL_PX = 160

const relationWords: Record<Sibling['relation'], { name: string; tone?: 'warn' | 'info' }> = {
  again: { name: 'same request, paid again', tone: 'warn' },
  variant: { name: 'same words, other fields' },
  alike: { name: 'nearly the same words' },
  made: { name: 'made from this image', tone: 'info' },
}

/** The images beside one, each with what tells it apart. */
export const SiblingList = ({
  generation,
  siblings,
}: {
  generation: Generation
  siblings: readonly Sibling[]
}) => (
  <ul class="siblings">
    {siblings.map((sibling) => (
      <Row key={sibling.generation.id} here={generation} sibling={sibling} />
    ))}
  </ul>
)

const Row = ({ here, sibling }: { here: Generation; sibling: Sibling }) => {
  const { relation, generation: there, differs } = sibling
  const { name, tone } = relationWords[relation]
  const words = usePromptDifference(here.prompt, there.prompt)
  const fields = relation === 'made' ? [] : describeFields(here, there, differs)
  return (
    <li>
      <a href={`/receipts/${there.id}`} class="sibling">
        <Picture
          src={thumbnailUrl(there.imageUrl, THUMBNAIL_PX)}
          alt=""
          thumbhash={there.thumbhash}
          aspectRatio="1 / 1"
          isLazy
        />
        <span class="sibling-what">
          <span class="badges">
            <Badge tone={tone}>{name}</Badge>
            {there.costUsd !== undefined && (
              <span class="muted number">{formatUsd(there.costUsd)}</span>
            )}
            <span class="muted">
              <Time at={there.createdAt} />
            </span>
          </span>
          {differs.includes('prompt') && (
            <span class="sibling-words">{relation === 'made' ? there.prompt : words.other}</span>
          )}
          {fields.map((field) => (
            <span key={field.name} class="sibling-field">
              {field.name} <mark class="word-only">{field.there}</mark> instead of {field.here}
            </span>
          ))}
          {differs.length === 0 && (
            <span class="muted">
              {there.forcedBy
                ? `forced ${describeForcedBy(there.forcedBy)}`
                : 'nothing differs in the request'}
            </span>
          )}
        </span>
      </a>
    </li>
  )
}

/** The images that it was made from. */
export const SourceList = ({ sources }: Pick<Receipt, 'sources'>) => (
  <ul class="siblings">
    {sources.map((image) => (
      <li key={image.id}>
        <a
          class="sibling"
          href={image.imageType === 'generated' ? `/receipts/${image.id}` : image.imageUrl}
        >
          <Picture
            src={thumbnailUrl(image.imageUrl, THUMBNAIL_PX)}
            alt=""
            thumbhash={image.thumbhash}
            aspectRatio="1 / 1"
            isLazy
          />
          <span class="sibling-what">
            <span class="badges">
              <Badge>made from</Badge>
            </span>
            <span class="sibling-words">{nameImage(image)}</span>
          </span>
        </a>
      </li>
    ))}
  </ul>
)
