import { Button } from '../parts/button.tsx'
import { Icon } from '../parts/icon.tsx'

/** One of the images that a request goes by: its place among them, and the ways to change that. */
export const GivenImage = ({
  imageId,
  imageUrl,
  number,
  count,
  onMove,
  onRemove,
}: {
  imageId: string
  /** Absent where only its id is known, as from a link. */
  imageUrl: string | undefined
  number: number
  count: number
  onMove: (by: -1 | 1) => void
  onRemove: () => void
}) => (
  <li class="given-image">
    {imageUrl ? (
      <img src={imageUrl} alt={`Condition ${number}`} />
    ) : (
      <span class="given-image-id" title={imageId}>
        <Icon name="image" />
        <code>{imageId}</code>
      </span>
    )}
    {count > 1 && (
      <span class="given-image-number" aria-hidden="true">
        {number}
      </span>
    )}
    <span class="given-image-actions">
      {count > 1 && (
        <Button
          kind="quiet"
          isSmall
          icon="left"
          label={`Move image ${number} forward`}
          disabled={number === 1}
          onClick={() => onMove(-1)}
        >
          {null}
        </Button>
      )}
      <Button kind="quiet" isSmall icon="cross" label={`Remove image ${number}`} onClick={onRemove}>
        {null}
      </Button>
      {count > 1 && (
        <Button
          kind="quiet"
          isSmall
          icon="right"
          label={`Move image ${number} back`}
          disabled={number === count}
          onClick={() => onMove(1)}
        >
          {null}
        </Button>
      )}
    </span>
  </li>
)
