import { Button } from './button.tsx'

/** Through pages that are known by cursor only. The browser's own way back leads to those seen. */
export const Pager = ({
  onNewest,
  onOlder,
}: {
  /** Absent on the first page. */
  onNewest: (() => void) | undefined
  /** Absent on the last. */
  onOlder: (() => void) | undefined
}) => {
  if (!onNewest && !onOlder) return null
  return (
    <nav class="pager" aria-label="Pages of the list">
      <Button isSmall icon="left" disabled={!onNewest} onClick={onNewest}>
        Newest
      </Button>
      <Button isSmall icon="right" disabled={!onOlder} onClick={onOlder}>
        Older
      </Button>
    </nav>
  )
}
