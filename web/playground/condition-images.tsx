import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ServerInfo } from '../../src/contract/server-info.ts'
import { client } from '../client.ts'
import { formatBytes } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { DropZone } from './drop-zone.tsx'
import { GivenImage } from './given-image.tsx'

/** Takes images that are chosen, dropped on it, or pasted anywhere in the page; each is stored at once, and goes by its id. */
export const ConditionImages = ({
  imageIds,
  maxImages,
  limits,
  onChange,
}: {
  imageIds: readonly string[]
  maxImages: number
  limits: ServerInfo['limits']
  onChange: (imageIds: string[]) => void
}) => {
  const [urls, setUrls] = useState<Record<string, string>>({})
  const [problem, setProblem] = useState<string>()
  const [isStoring, setIsStoring] = useState(false)
  // More may be there by the time that one is stored.
  const newest = useRef(imageIds)
  newest.current = imageIds

  const set = (ids: string[]) => {
    newest.current = ids
    onChange(ids)
  }

  // Whoever moves or removes one by keyboard goes on from there.
  const field = useRef<HTMLDivElement>(null)
  const changed = useRef<{ to: number; by: number }>(undefined)
  useLayoutEffect(() => {
    const { to, by } = changed.current ?? {}
    changed.current = undefined
    if (to === undefined) return
    const [forward, , back] =
      field.current?.querySelectorAll('li')[to]?.querySelectorAll('button') ?? []
    const wanted = by === -1 ? [forward, back] : [back, forward]
    const next = by === 0 ? undefined : wanted.find((button) => button && !button.disabled)
    const other = field.current?.querySelector<HTMLElement>('input, button')
    ;(next ?? other)?.focus()
  })

  const change = (to: number, by: -1 | 0 | 1, ids: string[]) => {
    changed.current = { to, by }
    set(ids)
  }

  const store = async (files: readonly File[]) => {
    const refusal = refuse(files, limits, maxImages - newest.current.length)
    setProblem(refusal)
    if (files.length === 0 || refusal) return
    setIsStoring(true)
    try {
      for (const file of files) {
        const { id, imageUrl } = await client.upload(file, { type: file.type })
        setUrls((before) => ({ ...before, [id]: imageUrl }))
        set([...newest.current, id])
      }
    } catch (error) {
      setProblem((error as Error).message)
    }
    setIsStoring(false)
  }

  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])]
      if (files.length === 0) return
      event.preventDefault()
      void store(files)
    }
    document.addEventListener('paste', paste)
    return () => document.removeEventListener('paste', paste)
  }, [limits, maxImages])

  const tooMany = imageIds.length - maxImages
  return (
    <div class="field" ref={field}>
      <span class="field-name">Condition images</span>
      {imageIds.length > 0 && (
        <ol class="given-images" aria-label="Condition images">
          {imageIds.map((imageId, index) => (
            <GivenImage
              key={index}
              imageId={imageId}
              imageUrl={urls[imageId]}
              number={index + 1}
              count={imageIds.length}
              onMove={(by) => change(index + by, by, move(imageIds, index, by))}
              onRemove={() => change(index, 0, imageIds.toSpliced(index, 1))}
            />
          ))}
        </ol>
      )}
      {tooMany < 0 && (
        <DropZone
          isStoring={isStoring}
          isFurther={imageIds.length > 0}
          takesSeveral={maxImages > 1}
          mimeTypes={limits.imageMimeTypes}
          onFiles={store}
        />
      )}
      {tooMany > 0 && (
        <Notice tone="bad">
          This model takes {maxImages} at most: {tooMany} too many.
        </Notice>
      )}
      {problem && <Notice tone="bad">{problem}</Notice>}
    </div>
  )
}

const move = (imageIds: readonly string[], from: number, by: number): string[] => {
  const moved = imageIds[from]
  return moved === undefined
    ? [...imageIds]
    : imageIds.toSpliced(from, 1).toSpliced(from + by, 0, moved)
}

const refuse = (
  files: readonly File[],
  limits: ServerInfo['limits'],
  room: number,
): string | undefined => {
  if (files.length > room) return `There is room for ${room} more.`
  for (const { type, size } of files) {
    if (!limits.imageMimeTypes.includes(type)) {
      return `That is ${type || 'no image'}; it must be one of ${limits.imageMimeTypes.join(', ')}.`
    }
    if (size > limits.maxImageBytes) {
      return `That has ${formatBytes(size)}; it may have ${formatBytes(limits.maxImageBytes)}.`
    }
  }
  return undefined
}
