/** What there is to see of a picture in the page. */
export type Seen = {
  state: string | undefined
  busy: string | null | undefined
  blur: string
  ratio: string | undefined
  alt: string | undefined
  src: string
  currentSrc: string
  naturalWidth: number | undefined
  alert: string
  /** Where the line beneath it is, in pixels. */
  beneath: number | undefined
  /** True while Suspense shows its fallback. */
  fallback: boolean
  posts: number
  /** Streams of events that were opened, and not given up. */
  following: number
  faults: string[]
  /** The sum of layout shifts since the page was opened. */
  shift: number
  shownSources: string[]
}
