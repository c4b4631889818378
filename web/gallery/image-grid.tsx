import type { Image } from '../../src/client.ts'
import { groupByMaking } from './made-from.ts'
import { Tile } from './tile.tsx'

type Props = {
  images: readonly Image[] | undefined
  onOpen: (image: Image) => void
}

/** Images side by side; `label` names them to who does not see them. */
export const ImageGrid = ({ label, images, onOpen }: Props & { label: string }) => (
  <ul class="gallery" aria-label={label} aria-busy={!images}>
    {images?.map((image) => (
      <Tile key={image.id} image={image} onOpen={() => onOpen(image)} />
    ))}
  </ul>
)

/** The same, each transformation and variant under its name. */
export const GroupedGrid = ({ images, onOpen }: Props) => (
  <div class="gallery-groups">
    {groupByMaking(images ?? []).map((group) => (
      <section key={group.name}>
        <h2>{group.name}</h2>
        <ImageGrid label={group.name} images={group.images} onOpen={onOpen} />
      </section>
    ))}
  </div>
)
