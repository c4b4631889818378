import { useEffect, useRef } from 'preact/hooks'
import type { Pages } from '../use-pages.ts'
import { Button } from './button.tsx'

/** Reads on in a list. With `isAuto` it does so by itself as soon as one comes near its end, until something goes wrong. */
export const More = ({
  pages: { more, isLoading, error },
  isAuto,
}: {
  pages: Pages<unknown>
  isAuto?: boolean
}) => {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!isAuto || !more || isLoading || error || !ref.current) return
    // A busy page is told of several changes at once, the newest last.
    const look = (entries: IntersectionObserverEntry[]) => entries.at(-1)?.isIntersecting && more()
    const observer = new IntersectionObserver(look, { rootMargin: '300px' })
    observer.observe(ref.current)
    return () => observer.disconnect()
  }, [isAuto, more, isLoading, error])
  if (!more) return null
  return (
    <div ref={ref} class="more">
      <Button icon="down" isBusy={isLoading} onClick={more}>
        Show more
      </Button>
    </div>
  )
}
