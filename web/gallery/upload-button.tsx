import { Icon } from '../parts/icon.tsx'

const TYPES = 'image/png,image/jpeg,image/webp'

export const UploadButton = ({
  isUploading,
  onFiles,
}: {
  isUploading: boolean
  onFiles: (files: Iterable<File>) => void
}) => (
  <label class="button file-button" aria-busy={isUploading}>
    <Icon name={isUploading ? 'spinner' : 'upload'} />
    {isUploading ? 'Uploading…' : 'Upload'}
    <input
      class="visually-hidden"
      type="file"
      multiple
      aria-label="Upload images"
      accept={TYPES}
      disabled={isUploading}
      onChange={({ currentTarget }) => {
        onFiles([...(currentTarget.files ?? [])])
        currentTarget.value = ''
      }}
    />
  </label>
)
