import { type CSSProperties, type ReactNode, useMemo } from 'react'
import { thumbHashToDataURL } from 'thumbhash'
import type { DeclaredRequest } from './asking.ts'
import { BLANK, describeSource, type Shape, toShape } from './sources.ts'
import {
  type GenerationHandle,
  type UseGenerationOptions,
  useGeneration,
} from './use-generation.ts'
import { useLoad } from './use-load.ts'

export type GeneratedImageProps = UseGenerationOptions & {
  /** Null shows the empty space, and asks for nothing. */
  request: DeclaredRequest | null
  /** What the picture shows, for those who do not see it. */
  alt: string
  /** The space that it takes at most, in CSS pixels; without them all the width there is, in the request's aspect ratio. */
  width?: number
  height?: number
  /** How wide it is shown, as HTML has it, for the browser to choose among the widths there are. */
  sizes?: string
  loading?: 'lazy' | 'eager'
  className?: string
  style?: CSSProperties
  /** What is shown over it: a button to try again, say. */
  children?: (handle: GenerationHandle) => ReactNode
}

/**
 * A picture that takes its space at once and never moves what is around it: empty while it is made, then its thumbhash, a blur of 25
 * bytes, until the picture itself is there. `data-state` of its box is `pending`, `shown` or `failed`.
 */
export const GeneratedImage = ({
  request,
  alt,
  client,
  initial,
  width,
  height,
  sizes = '100vw',
  loading = 'lazy',
  className,
  style,
  children,
}: GeneratedImageProps) => {
  const handle = useGeneration(request, { client, initial })
  const { src, srcSet, thumbhash } = describeSource(handle)
  const load = useLoad(src)
  const blur = useMemo(() => decode(thumbhash), [thumbhash])
  const shape = toShape({ width, height }, request?.aspectRatio)
  const isBounded = width !== undefined || height !== undefined
  const isPending = handle.isPending || load.isPending
  const error = handle.error ?? (load.isBroken ? NOT_LOADED : undefined)
  const retry = () => {
    load.forget()
    if (handle.error) handle.retry()
  }
  return (
    <span
      className={className}
      style={{
        ...boxStyle(shape, isBounded),
        ...(isPending && EMPTY_STYLE),
        ...(load.isPending && blur && blurStyle(blur)),
        ...style,
      }}
      data-state={error ? 'failed' : isPending ? 'pending' : 'shown'}
      aria-busy={isPending}
    >
      <img
        ref={load.ref}
        alt={alt}
        width={shape.width}
        height={shape.height}
        loading={loading}
        decoding="async"
        {...(srcSet && !load.isBroken && { sizes, srcSet })}
        src={load.isBroken ? BLANK : src}
        onLoad={load.succeed}
        onError={load.fail}
        style={IMAGE_STYLE}
      />
      {children && (
        <span style={OVER_STYLE}>{children({ ...handle, isPending, error, retry })}</span>
      )}
    </span>
  )
}

const NOT_LOADED = {
  code: 'image_not_loaded',
  message: 'The picture could not be loaded.',
  retryable: true,
}

const decode = (thumbhash: string | undefined): string | undefined => {
  if (!thumbhash) return undefined
  try {
    return thumbHashToDataURL(Uint8Array.from(atob(thumbhash), (byte) => byte.charCodeAt(0)))
  } catch {
    // An app's own copy of it may be cut off, and the picture can do without.
    return undefined
  }
}

const boxStyle = ({ width, height }: Shape, isBounded: boolean): CSSProperties => ({
  display: 'block',
  position: 'relative',
  overflow: 'hidden',
  width: '100%',
  ...(isBounded && { maxWidth: width }),
  aspectRatio: `${width} / ${height}`,
})

const EMPTY_STYLE: CSSProperties = { backgroundColor: '#e5e7eb' }

const blurStyle = (url: string): CSSProperties => ({
  backgroundImage: `url(${url})`,
  backgroundSize: 'cover',
  backgroundPosition: 'center',
})

const OVER_STYLE: CSSProperties = { display: 'block', position: 'relative' }

const IMAGE_STYLE: CSSProperties = {
  display: 'block',
  position: 'absolute',
  inset: 0,
  width: '100%',
  height: '100%',
  objectFit: 'cover',
}
