import { useLayoutEffect, useState } from 'preact/hooks'
import type { Image } from '../../src/client.ts'
import { callApi } from '../api.ts'
import { Button, ButtonLink } from '../parts/button.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { ConfirmDialog, Dialog } from '../parts/dialog.tsx'
import { Picture } from '../parts/picture.tsx'
import { useToast } from '../parts/toast.tsx'
import { imageWords, nameImage } from './describe.ts'
import { ImageFacts } from './image-facts.tsx'
import { listThumbnails, thumbnailUrl } from './thumbnails.ts'

type Neighbours = { previous: Image | undefined; next: Image | undefined }

/** One image, large, with what is known of it; the arrow keys lead to those beside it. */
export const ImageDialog = ({
  image,
  previous,
  next,
  isOwn,
  onShow,
  onDeleted,
  onClose,
}: Neighbours & {
  image: Image
  /** False for an operator who looks at another's. */
  isOwn: boolean
  onShow: (image: Image) => void
  onDeleted: () => void
  onClose: () => void
}) => {
  const [isDeleting, setIsDeleting] = useState(false)
  const showToast = useToast()
  useArrowKeys({ previous, next }, isDeleting ? undefined : onShow)

  const deleteIt = async () => {
    await callApi(`/api/images/${image.id}`, { method: 'DELETE' })
    showToast('The image is deleted.')
    onClose()
    onDeleted()
  }

  return (
    <Dialog title={imageWords[image.imageType].title} isWide onClose={onClose}>
      <div class="viewer">
        <div class="viewer-picture">
          <Picture
            key={image.id}
            src={thumbnailUrl(image.imageUrl, 1280)}
            srcSet={listThumbnails(image, 640)}
            sizes="(max-width: 900px) 90vw, 640px"
            alt={nameImage(image)}
            thumbhash={image.thumbhash}
            aspectRatio={image.width ? `${image.width} / ${image.height}` : undefined}
          />
        </div>
        <div class="viewer-side">
          <ImageFacts image={image} />
          <div class="row">
            {image.imageType === 'generated' && (
              <ButtonLink isSmall href={`/receipts/${image.id}`} icon="coins">
                Receipt
              </ButtonLink>
            )}
            <ButtonLink isSmall href={image.imageUrl} download={nameFile(image)} icon="download">
              Download
            </ButtonLink>
            <ButtonLink isSmall href={image.imageUrl} isElsewhere icon="open">
              Open
            </ButtonLink>
            <CopyButton text={image.imageUrl} name="Copy link" label="Copy the image’s address" />
            {isOwn && (
              <Button kind="danger" isSmall icon="trash" onClick={() => setIsDeleting(true)}>
                Delete…
              </Button>
            )}
          </div>
        </div>
      </div>
      <div class="dialog-actions viewer-actions">
        <Button icon="left" disabled={!previous} onClick={() => previous && onShow(previous)}>
          Newer
        </Button>
        <Button icon="right" disabled={!next} onClick={() => next && onShow(next)}>
          Older
        </Button>
        <Button onClick={onClose}>Close</Button>
      </div>
      {isDeleting && (
        <ConfirmDialog
          title="Delete this image?"
          confirm="Delete it"
          isDanger
          onConfirm={deleteIt}
          onClose={() => setIsDeleting(false)}
        >
          <p>
            It goes from the store for good, and its address shows a placeholder. Asking for it
            again pays for a new one.
          </p>
        </ConfirmDialog>
      )}
    </Dialog>
  )
}

const useArrowKeys = (
  { previous, next }: Neighbours,
  onShow: ((image: Image) => void) | undefined,
): void => {
  // Before the next key: each leads on from the image that is shown.
  useLayoutEffect(() => {
    const press = ({ key }: KeyboardEvent) => {
      const chosen = { ArrowLeft: previous, ArrowRight: next }[key]
      if (chosen) onShow?.(chosen)
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [previous, next, onShow])
}

const nameFile = ({ id, mimeType = 'image/png' }: Image): string =>
  `${id}.${mimeType === 'image/jpeg' ? 'jpg' : mimeType.slice('image/'.length)}`
