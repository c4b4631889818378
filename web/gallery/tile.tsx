import type { Image } from '../../src/client.ts'
import { Badge } from '../parts/badge.tsx'
import { Picture } from '../parts/picture.tsx'
import { imageWords, nameImage } from './describe.ts'
import { listThumbnails, thumbnailUrl } from './thumbnails.ts'

/** One image of many; a click opens it. */
export const Tile = ({ image, onOpen }: { image: Image; onOpen: () => void }) => (
  <li>
    <button
      type="button"
      class="gallery-tile"
      aria-label={`Open: ${nameImage(image)}`}
      onClick={onOpen}
    >
      <Picture
        src={thumbnailUrl(image.imageUrl, 320)}
        srcSet={listThumbnails(image)}
        sizes="(max-width: 640px) 45vw, 220px"
        alt=""
        thumbhash={image.thumbhash}
        aspectRatio="1 / 1"
        isLazy
      />
      <span class="gallery-name">
        {image.imageType !== 'generated' && (
          <Badge tone={image.imageType === 'placeholder' ? 'warn' : undefined}>
            {imageWords[image.imageType].name}
          </Badge>
        )}{' '}
        {image.prompt}
      </span>
    </button>
  </li>
)
