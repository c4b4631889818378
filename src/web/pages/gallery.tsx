import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { Image } from '../../client.ts'
import { ImageDialog } from '../gallery/image-dialog.tsx'
import { Tile } from '../gallery/tile.tsx'
import { UploadButton } from '../gallery/upload-button.tsx'
import { useUpload } from '../gallery/use-upload.ts'
import { ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { More } from '../parts/more.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Segments } from '../parts/segments.tsx'
import { usePages } from '../use-pages.ts'

const PAGE_SIZE = 48

const types = [
  { value: '', name: 'All' },
  { value: 'generated', name: 'Generated' },
  { value: 'user_uploaded', name: 'Uploaded' },
  { value: 'placeholder', name: 'Placeholders' },
]

/** One's own images, newest first: each as it will be, then as it is. */
export const Gallery = () => {
  const { query, route } = useLocation()
  const type = query.type ?? ''
  const path = `/api/images?limit=${PAGE_SIZE}${type && `&type=${encodeURIComponent(type)}`}`
  const pages = usePages<Image>(path, 'images')
  const { rows, error, reload } = pages
  const { upload, isUploading, dropHandlers, isOver } = useUpload(reload)
  const [openId, setOpenId] = useState<string>()
  const at = rows?.findIndex(({ id }) => id === openId) ?? -1
  const open = rows?.[at]

  return (
    <Page
      title="Gallery"
      about="Your images, newest first."
      actions={<UploadButton isUploading={isUploading} onFiles={upload} />}
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      <div class={isOver ? 'drop-target is-over' : 'drop-target'} {...dropHandlers}>
        <Card
          actions={
            <Segments
              label="Type"
              value={type}
              segments={types}
              onChange={(chosen) => route(chosen ? `/gallery?type=${chosen}` : '/gallery', true)}
            />
          }
        >
          {rows?.length === 0 && <Nothing isFiltered={type !== ''} />}
          <ul class="gallery" aria-label="Images" aria-busy={!rows}>
            {rows?.map((image) => (
              <Tile key={image.id} image={image} onOpen={() => setOpenId(image.id)} />
            ))}
          </ul>
          <More pages={pages} isAuto />
        </Card>
      </div>
      {open && (
        <ImageDialog
          image={open}
          previous={rows?.[at - 1]}
          next={rows?.[at + 1]}
          onShow={({ id }) => setOpenId(id)}
          onDeleted={reload}
          onClose={() => setOpenId(undefined)}
        />
      )}
    </Page>
  )
}

const Nothing = ({ isFiltered }: { isFiltered: boolean }) =>
  isFiltered ? (
    <EmptyState icon="gallery" title="You have no images of this type">
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
