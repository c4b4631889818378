import { Button } from './button.tsx'

/** Through pages that are known by cursor only: on to the next, and back to those seen. */
export const Pager = ({
  page,
  onNewer,
  onOlder,
}: {
  /** From 1. */
  page: number
  onNewer: (() => void) | undefined
  onOlder: (() => void) | undefined
}) => {
  if (!onNewer && !onOlder) return null
  return (
    <nav class="pager" aria-label="Pages of the list">
      <span class="muted number">Page {page}</span>
      <Button isSmall icon="left" disabled={!onNewer} onClick={onNewer}>
        Newer
      </Button>
      <Button isSmall icon="right" disabled={!onOlder} onClick={onOlder}>
        Older
      </Button>
    </nav>
  )
}
