import { useMemo, useState } from 'preact/hooks'
import { thumbHashToDataURL } from 'thumbhash'

/** An image in its own shape, which its thumbhash fills until the bytes are there. */
export const Picture = ({
  src,
  alt,
  thumbhash,
  aspectRatio,
  isLazy,
  srcSet,
  sizes,
}: {
  src: string
  alt: string
  thumbhash?: string | undefined
  /** As CSS has it, `16 / 9`; absent: the image's own, once it is known. */
  aspectRatio?: string | undefined
  isLazy?: boolean
  /** The same image in other widths, and how wide it is shown, as HTML has them. */
  srcSet?: string
  sizes?: string
}) => {
  const [shownSrc, setShownSrc] = useState<string>()
  const preview = useMemo(() => decodeThumbhash(thumbhash), [thumbhash])
  return (
    <span
      class={shownSrc === src ? 'picture is-shown' : 'picture'}
      style={{ aspectRatio, backgroundImage: preview && `url(${preview})` }}
    >
      <img
        {...(srcSet && { srcSet })}
        {...(sizes && { sizes })}
        src={src}
        alt={alt}
        loading={isLazy ? 'lazy' : 'eager'}
        decoding="async"
        onLoad={() => setShownSrc(src)}
        onError={() => setShownSrc(src)}
      />
    </span>
  )
}

const decodeThumbhash = (thumbhash: string | undefined): string | undefined => {
  if (!thumbhash) return undefined
  return thumbHashToDataURL(Uint8Array.from(atob(thumbhash), (char) => char.charCodeAt(0)))
}
