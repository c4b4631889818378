import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { createImageonceClient } from '../../../src/client.ts'
import type { GeneratedImageProps } from '../../../src/react.ts'
import { App } from './app.tsx'
import type { Seen } from './seen.ts'

/* What the tests of the components call in a page: `page.…`. */

type Connection = { baseUrl: string; token: string }

let root: Root | undefined
const asked: { url: string; method: string; signal: AbortSignal | null | undefined }[] = []
const faults: string[] = []
const shownSources: string[] = []

const recorded: typeof fetch = (input, init) => {
  asked.push({ url: String(input), method: init?.method ?? 'GET', signal: init?.signal })
  return fetch(input, init)
}
let client: ReturnType<typeof createImageonceClient>

const place = () => document.getElementById('root') as HTMLElement
const onFault = (error: unknown) => faults.push(String(error))

/** Layout shifts are told late, and summed up here. */
let shift = 0
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) shift += (entry as unknown as { value: number }).value
}).observe({ type: 'layout-shift' as never, buffered: true })

new MutationObserver(() => {
  const src = document.querySelector('img')?.getAttribute('src')
  if (src && src !== shownSources.at(-1)) shownSources.push(src)
}).observe(document, { subtree: true, childList: true, attributes: true })

export const connect = (connection: Connection) => {
  client = createImageonceClient({ ...connection, fetch: recorded, telemetry: false })
}

export const show = (picture: GeneratedImageProps) => {
  root ??= createRoot(place(), { onRecoverableError: onFault, onUncaughtError: onFault })
  root.render(<App client={client} picture={picture} />)
}

/** Shows what is promised, and keeps the promise for a while. */
export const showPromised = (
  picture: GeneratedImageProps,
): ((initial: GeneratedImageProps['initial']) => void) => {
  let keep: (initial: never) => void = () => {}
  const initial = new Promise<never>((resolve) => {
    keep = resolve
  })
  show({ ...picture, initial })
  return (value) => keep(value as never)
}

/** Takes over what a server has rendered. */
export const hydrate = (picture: GeneratedImageProps) => {
  const handlers = { onRecoverableError: onFault, onUncaughtError: onFault }
  root = hydrateRoot(place(), <App client={client} picture={picture} />, handlers)
}

export const leave = () => {
  root?.unmount()
  root = undefined
}

export const clear = () => {
  leave()
  asked.length = 0
  faults.length = 0
  shownSources.length = 0
}

export const look = (): Seen => {
  const image = document.querySelector('img')
  const box = image?.parentElement
  return {
    state: box?.dataset.state,
    busy: box?.getAttribute('aria-busy'),
    blur: box?.style.backgroundImage ?? '',
    ratio: box?.style.aspectRatio,
    alt: image?.alt,
    src: image?.getAttribute('src') ?? '',
    currentSrc: image?.currentSrc ?? '',
    naturalWidth: image?.naturalWidth,
    alert: document.querySelector('[role=alert]')?.textContent ?? '',
    beneath: document.getElementById('beneath')?.offsetTop,
    fallback: document.getElementById('fallback') !== null,
    posts: asked.filter(({ method }) => method === 'POST').length,
    following: asked.filter(
      ({ url, signal }) => url.endsWith('/events') && signal && !signal.aborted,
    ).length,
    faults: [...faults],
    shift,
    shownSources: [...shownSources],
  }
}
