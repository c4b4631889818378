import type { Generation } from 'imageonce/client'
import type { Post } from './post.ts'

/** The picture, or what there is to say while there is none. */
export const Picture = ({
  post,
  generation,
}: {
  post: Post
  generation: Generation | undefined
}) => (
  <figure class="picture" data-shape={post.shape} aria-busy={isUnderWay(generation)}>
    {post.imageUrl ? (
      <img src={post.imageUrl} alt={post.prompt} />
    ) : (
      <p role="status" class="muted">
        {describe(post, generation)}
      </p>
    )}
  </figure>
)

const isUnderWay = (generation: Generation | undefined): boolean =>
  generation?.status === 'queued' || generation?.status === 'running'

const describe = ({ isWanted }: Post, generation: Generation | undefined): string => {
  if (generation?.error) return generation.error.message
  if (generation?.status === 'running') return 'It is being made…'
  if (generation?.queuePosition) return `Waiting in line, at place ${generation.queuePosition}…`
  if (isWanted) return 'Asking for the picture…'
  return 'No picture yet.'
}
