import { useState } from 'preact/hooks'
import { client } from '../client.ts'
import { useToast } from '../parts/toast.tsx'

/** Uploads images one after the other, chosen or dropped, and says how each went. */
export const useUpload = (onUploaded: () => void) => {
  const [isUploading, setIsUploading] = useState(false)
  const [isOver, setIsOver] = useState(false)
  const showToast = useToast()

  const upload = async (files: Iterable<File>) => {
    setIsUploading(true)
    for (const file of files) {
      await client.upload(file, { type: file.type }).then(
        () => showToast(`${file.name} is uploaded.`),
        (error: Error) => showToast(`${file.name}: ${error.message}`, 'bad'),
      )
    }
    setIsUploading(false)
    onUploaded()
  }

  const dropHandlers = {
    onDragOver: (event: DragEvent) => {
      event.preventDefault()
      setIsOver(true)
    },
    onDragLeave: () => setIsOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault()
      setIsOver(false)
      void upload(event.dataTransfer?.files ?? [])
    },
  }
  return { upload, isUploading, isOver, dropHandlers }
}
