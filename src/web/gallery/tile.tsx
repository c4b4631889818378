import type { Image } from '../../client.ts'
import { Badge } from '../parts/badge.tsx'
import { Picture } from '../parts/picture.tsx'
import { nameImage } from './describe.ts'
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
        {image.prompt ?? (
          <Badge>{image.imageType === 'user_uploaded' ? 'uploaded' : 'image'}</Badge>
        )}
      </span>
    </button>
  </li>
)
