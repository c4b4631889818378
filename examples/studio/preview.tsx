import type { Generation } from 'imageonce/client'
import { useEffect, useRef } from 'preact/hooks'
import { Picture } from './picture.tsx'
import type { Post } from './post.ts'

type PreviewProps = {
  post: Post
  author: string
  generation: Generation | undefined
  onClose: () => void
}

/** The post as its readers will see it. */
export const Preview = ({ post, author, generation, onClose }: PreviewProps) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])

  return (
    <dialog ref={dialog} class="preview" aria-label="Preview" onClose={onClose}>
      <article>
        <header>
          <span class="avatar" aria-hidden="true">
            {author.slice(0, 1).toUpperCase()}
          </span>
          <div>
            <strong>{author}</strong>
            <span class="muted small">just now</span>
          </div>
        </header>
        {post.text && <p>{post.text}</p>}
        <Picture post={post} generation={generation} />
      </article>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  )
}
