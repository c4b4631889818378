import { findListPriceUsd } from '../../src/contract/list-price.ts'
import type { ServerInfo } from '../../src/contract/server-info.ts'
import type { ImageSize } from '../../src/contract/vocabulary.ts'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { formatUsd } from '../parts/format.ts'
import { useResource } from '../use-resource.ts'

/** Asks before an image is paid for again. */
export const RegenerateDialog = ({
  model,
  imageSize,
  onConfirm,
  onClose,
}: {
  model: string
  imageSize: string
  onConfirm: () => Promise<unknown>
  onClose: () => void
}) => {
  const { value: info } = useResource<ServerInfo>('/api/info')
  const priceUsd = findListPriceUsd(info?.models ?? [], model, imageSize as ImageSize)
  const isFree = info?.provider === 'local'
  return (
    <ConfirmDialog
      title="Make another image of the same request?"
      confirm={isFree ? 'Make another' : `Pay again${priceUsd ? `: ${formatUsd(priceUsd)}` : ''}`}
      isReady={info !== undefined}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p>
        A new image is made even though there is one
        {isFree ? '; the local renderer costs nothing.' : ', and the model’s price is due again.'}{' '}
        From then on the newest image answers this request.
      </p>
    </ConfirmDialog>
  )
}
