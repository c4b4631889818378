import type { Post } from './post.ts'
import type { Studio } from './use-studio.ts'

type PostActionsProps = {
  post: Post
  studio: Pick<Studio, 'save' | 'schedule' | 'publish'>
  onPreview: () => void
}

export const PostActions = ({ post, studio, onPreview }: PostActionsProps) => {
  const isEmpty = post.prompt.trim() === ''

  const schedule = (event: SubmitEvent) => {
    event.preventDefault()
    const at = new FormData(event.currentTarget as HTMLFormElement).get('at')
    void studio.schedule(new Date(String(at)).toISOString())
  }

  return (
    <div class="actions">
      <div class="row">
        <button type="button" disabled={isEmpty} onClick={studio.save}>
          Save
        </button>
        <button type="button" disabled={isEmpty} onClick={onPreview}>
          Preview
        </button>
        <button type="button" disabled={!post.isSaved || isEmpty} onClick={studio.publish}>
          Post
        </button>
      </div>
      <form class="row" onSubmit={schedule}>
        <label class="inline">
          Later, at
          <input type="datetime-local" name="at" required disabled={!post.isSaved} />
        </label>
        <button type="submit" disabled={!post.isSaved}>
          Schedule
        </button>
      </form>
      <p class="muted small" role="status">
        {describe(post)}
      </p>
    </div>
  )
}

const describe = ({ isSaved, postedAt, scheduledFor }: Post): string => {
  if (postedAt) return `Posted ${showTime(postedAt)}. Posting is simulated.`
  if (scheduledFor) return `Scheduled for ${showTime(scheduledFor)}. Posting is simulated.`
  return isSaved ? 'Saved.' : 'Save it to schedule or post it.'
}

const showTime = (time: string): string =>
  new Date(time).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })
