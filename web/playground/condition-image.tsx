import { useEffect, useState } from 'preact/hooks'
import type { ServerInfo } from '../../src/contract/server-info.ts'
import { client } from '../client.ts'
import { Button } from '../parts/button.tsx'
import { formatBytes } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Notice } from '../parts/notice.tsx'

/** Takes an image that is chosen, dropped on it, or pasted anywhere in the page; it is stored at once, and goes by its id. */
export const ConditionImage = ({
  imageId,
  limits,
  onChange,
}: {
  imageId: string
  limits: ServerInfo['limits']
  onChange: (imageId: string) => void
}) => {
  const [preview, setPreview] = useState<{ imageId: string; imageUrl: string }>()
  const [problem, setProblem] = useState<string>()
  const [isStoring, setIsStoring] = useState(false)

  const store = async (file: File | undefined) => {
    if (!file) return
    setProblem(refuse(file, limits))
    if (refuse(file, limits)) return
    setIsStoring(true)
    try {
      const { id, imageUrl } = await client.upload(file, { type: file.type })
      setPreview({ imageId: id, imageUrl })
      onChange(id)
    } catch (error) {
      setProblem((error as Error).message)
    }
    setIsStoring(false)
  }

  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const file = event.clipboardData?.files[0]
      if (!file) return
      event.preventDefault()
      void store(file)
    }
    document.addEventListener('paste', paste)
    return () => document.removeEventListener('paste', paste)
  }, [limits])

  const isShown = imageId !== '' && preview?.imageId === imageId
  return (
    <div class="field">
      <span class="field-name">Condition image</span>
      {imageId ? (
        <div class="condition">
          {isShown && <img src={preview.imageUrl} alt="The condition" />}
          <code>{imageId}</code>
          <Button
            isSmall
            icon="cross"
            onClick={() => onChange('')}
            label="Remove the condition image"
          >
            Remove
          </Button>
        </div>
      ) : (
        <DropZone isStoring={isStoring} mimeTypes={limits.imageMimeTypes} onFile={store} />
      )}
      {problem && <Notice tone="bad">{problem}</Notice>}
    </div>
  )
}

const DropZone = ({
  isStoring,
  mimeTypes,
  onFile,
}: {
  isStoring: boolean
  mimeTypes: readonly string[]
  onFile: (file: File | undefined) => void
}) => {
  const [isOver, setIsOver] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setIsOver(false)
    onFile(event.dataTransfer?.files[0])
  }
  const hover = (event: DragEvent) => {
    event.preventDefault()
    setIsOver(true)
  }
  return (
    <label
      class={isOver ? 'drop-zone is-over' : 'drop-zone'}
      onDragOver={hover}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      <Icon name={isStoring ? 'spinner' : 'image'} />
      <span>{isStoring ? 'Storing it…' : 'Drop, paste or choose an image'}</span>
      <input
        class="visually-hidden"
        type="file"
        aria-label="Condition image"
        accept={mimeTypes.join(',')}
        onChange={(event) => {
          onFile(event.currentTarget.files?.[0])
          event.currentTarget.value = ''
        }}
      />
    </label>
  )
}

const refuse = (file: File, limits: ServerInfo['limits']): string | undefined => {
  if (!limits.imageMimeTypes.includes(file.type)) {
    return `That is ${file.type || 'no image'}; it must be one of ${limits.imageMimeTypes.join(', ')}.`
  }
  return file.size > limits.maxImageBytes
    ? `That has ${formatBytes(file.size)}; it may have ${formatBytes(limits.maxImageBytes)}.`
    : undefined
}
