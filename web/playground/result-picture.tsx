import type { GenerationResult } from '../../src/client.ts'
import { Picture } from '../parts/picture.tsx'

/** The picture of a generation, or the place where it will be. */
export const ResultPicture = ({
  state,
  isRunning,
}: {
  state: GenerationResult | undefined
  isRunning: boolean
}) => {
  const aspectRatio = (state?.aspectRatio ?? '1:1').replace(':', ' / ')
  if (isRunning || !state) return <div class="picture is-waiting" style={{ aspectRatio }} />
  const { width, height } = state
  return (
    <Picture
      src={state.imageUrl}
      alt={state.isPlaceholder ? `Placeholder for: ${state.prompt}` : state.prompt}
      thumbhash={state.thumbhash}
      aspectRatio={width && height ? `${width} / ${height}` : aspectRatio}
    />
  )
}
