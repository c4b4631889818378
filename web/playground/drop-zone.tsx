import { useState } from 'preact/hooks'
import { Icon } from '../parts/icon.tsx'

/** Where files are dropped, or chosen. */
export const DropZone = ({
  isStoring,
  isFurther,
  takesSeveral,
  mimeTypes,
  onFiles,
}: {
  isStoring: boolean
  /** True where there is one already. */
  isFurther: boolean
  takesSeveral: boolean
  mimeTypes: readonly string[]
  onFiles: (files: readonly File[]) => void
}) => {
  const [isOver, setIsOver] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setIsOver(false)
    onFiles([...(event.dataTransfer?.files ?? [])])
  }
  const hover = (event: DragEvent) => {
    event.preventDefault()
    setIsOver(true)
  }
  return (
    <label
      class={`drop-zone${isOver ? ' is-over' : ''}${isFurther ? ' is-further' : ''}`}
      onDragOver={hover}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      <Icon name={isStoring ? 'spinner' : 'image'} />
      <span>
        {isStoring ? 'Storing it…' : `Drop, paste or choose ${isFurther ? 'another' : 'an'} image`}
      </span>
      <input
        class="visually-hidden"
        type="file"
        multiple={takesSeveral}
        aria-label="Condition image"
        accept={mimeTypes.join(',')}
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])])
          event.currentTarget.value = ''
        }}
      />
    </label>
  )
}
