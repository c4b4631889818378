import { useEffect, useRef, useState } from 'react'
import { BLANK } from './sources.ts'

/** As much of `HTMLImageElement` as is asked for; this compiles without the DOM too. */
type Loadable = { complete: boolean; naturalWidth: number; currentSrc: string }

/** What became of loading `src`: nothing yet, shown, or broken. */
export const useLoad = (src: string) => {
  const ref = useRef<HTMLImageElement>(null)
  const [seen, setSeen] = useState<{ src: string; isBroken: boolean }>()
  const tell = (isBroken: boolean) => {
    const image = ref.current as Loadable | null
    // What stands in for it loads too, at once or late.
    if (image?.currentSrc !== BLANK) setSeen({ src, isBroken })
  }

  // A picture in the server's HTML may have loaded, or not, before there was anybody to hear of it.
  const [firstSrc] = useState(src)
  useEffect(() => {
    const image = ref.current as Loadable | null
    if (image?.complete) setSeen({ src: firstSrc, isBroken: image.naturalWidth === 0 })
  }, [firstSrc])

  const isOver = seen?.src === src
  return {
    ref,
    isPending: src !== BLANK && !isOver,
    isBroken: isOver && seen.isBroken,
    succeed: () => tell(false),
    fail: () => tell(true),
    /** Loads it again. */
    forget: () => setSeen(undefined),
  }
}
