import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { Image } from '../../src/client.ts'
import {
  formatGalleryFilter,
  type GalleryFilter,
  imageCountPath,
  imagesPath,
  parseGalleryFilter,
} from '../gallery/filter.ts'
import { GalleryFilterForm } from '../gallery/gallery-filter-form.tsx'
import { ImageDialog } from '../gallery/image-dialog.tsx'
import { GroupedGrid, ImageGrid } from '../gallery/image-grid.tsx'
import { groupByMaking } from '../gallery/made-from.ts'
import { UploadButton } from '../gallery/upload-button.tsx'
import { useKeptPlace } from '../gallery/use-place.ts'
import { useUpload } from '../gallery/use-upload.ts'
import { ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ListCount } from '../parts/list-count.tsx'
import { More } from '../parts/more.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Segments } from '../parts/segments.tsx'
import { useSession } from '../session-context.ts'
import { usePages } from '../use-pages.ts'

const types = [
  { value: '', name: 'All' },
  { value: 'generated', name: 'Generated' },
  { value: 'user_uploaded', name: 'Uploaded' },
  { value: 'placeholder', name: 'Placeholders' },
]

/** One's own images, newest first; or those that were made from one of them. */
export const Gallery = () => {
  const { query, route } = useLocation()
  const { isAdmin, ownerId } = useSession()
  const filter = parseGalleryFilter(query)
  const { type, conditionImage } = filter
  const path = imagesPath(filter)
  // Which page was looked at when the address was last written.
  const first = query.at ?? null
  const pages = usePages<Image>(path, 'images', undefined, first)
  const { rows, error, reload, starts } = pages
  const list = useRef<HTMLDivElement>(null)
  useKeptPlace(list, starts, !conditionImage)
  const change = (changes: Partial<GalleryFilter>, isSame?: boolean) =>
    route(formatGalleryFilter({ ...filter, ...changes }), isSame)
  const { upload, isUploading, dropHandlers, isOver } = useUpload(reload)
  const [openId, setOpenId] = useState<string>()
  // A link in the dialog leads here, too.
  useEffect(() => setOpenId(undefined), [path])
  const shown = conditionImage
    ? groupByMaking(rows ?? []).flatMap(({ images }) => images)
    : (rows ?? [])
  const at = shown.findIndex(({ id }) => id === openId)
  const open = shown[at]
  const isFiltered = formatGalleryFilter(filter) !== '/gallery'
  const Grid = conditionImage ? GroupedGrid : ImageGrid

  return (
    <Page
      title="Gallery"
      about={conditionImage ? <MadeFrom digest={conditionImage} /> : 'Your images, newest first.'}
      actions={<UploadButton isUploading={isUploading} onFiles={upload} />}
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      <div ref={list} class={isOver ? 'drop-target is-over' : 'drop-target'} {...dropHandlers}>
        <Card
          actions={
            !conditionImage && (
              <Segments
                label="Type"
                value={type}
                segments={types}
                onChange={(chosen) => change({ type: chosen })}
              />
            )
          }
        >
          {!conditionImage && (
            <GalleryFilterForm filter={filter} isAdmin={isAdmin} onChange={change} />
          )}
          <div class="list-head">
            <ListCount path={imageCountPath(filter)} one="image" many="images" />
            {first && <a href={formatGalleryFilter(filter)}>Show from the beginning</a>}
          </div>
          {rows?.length === 0 && <Nothing isFiltered={isFiltered} />}
          <Grid label="Images" images={rows} onOpen={({ id }) => setOpenId(id)} />
          <More pages={pages} isAuto />
        </Card>
      </div>
      {open && (
        <ImageDialog
          image={open}
          previous={shown[at - 1]}
          next={shown[at + 1]}
          onShow={({ id }) => setOpenId(id)}
          isOwn={!filter.owner || filter.owner === ownerId}
          onDeleted={reload}
          onClose={() => setOpenId(undefined)}
        />
      )}
    </Page>
  )
}

const MadeFrom = ({ digest }: { digest: string }) => (
  <>
    Made from one condition image, <code title={digest}>{digest.slice(0, 12)}</code>.{' '}
    <a href="/gallery">Show all images</a>
  </>
)

const Nothing = ({ isFiltered }: { isFiltered: boolean }) =>
  isFiltered ? (
    <EmptyState icon="gallery" title="You have no such images">
      <ButtonLink href="/gallery">Show all</ButtonLink>
    </EmptyState>
  ) : (
    <EmptyState icon="gallery" title="You have no images yet">
      <p>Those that you ask for come here, and those that you upload: drop one on this page.</p>
      <ButtonLink kind="primary" href="/playground" icon="playground">
        Make the first image
      </ButtonLink>
    </EmptyState>
  )
