import type { SavedItem } from 'imageonce/client'
import { toPost } from './post.ts'

type SavedPostsProps = {
  items: SavedItem[] | undefined
  currentId: string
  onLoad: (id: string) => void
  onRemove: (id: string) => void
}

export const SavedPosts = ({ items, currentId, onLoad, onRemove }: SavedPostsProps) => (
  <section class="card" aria-labelledby="saved-title">
    <h2 id="saved-title">Saved posts</h2>
    {items?.length === 0 && <p class="muted">Nothing saved yet.</p>}
    <ul class="saved">
      {items?.map((item) => (
        <li key={item.id} aria-current={item.id === currentId || undefined}>
          {item.isPlaceholder ? (
            <span class="thumb" />
          ) : (
            <img class="thumb" src={item.imageUrl} alt="" loading="lazy" />
          )}
          <div class="words">
            <span class="name">{nameOf(item)}</span>
            <span class="muted small">{describe(item)}</span>
          </div>
          <button type="button" aria-label={`Load ${nameOf(item)}`} onClick={() => onLoad(item.id)}>
            Load
          </button>
          <button
            type="button"
            class="quiet"
            aria-label={`Remove ${nameOf(item)}`}
            onClick={() => onRemove(item.id)}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  </section>
)

const nameOf = ({ title, prompt }: SavedItem): string => title ?? prompt ?? 'Untitled'

const describe = (item: SavedItem): string => {
  const { postedAt, scheduledFor } = toPost(item)
  if (postedAt) return `Posted ${showDay(postedAt)}`
  if (scheduledFor) return `Scheduled for ${showDay(scheduledFor)}`
  if (item.error) return 'No picture could be made'
  return item.isPlaceholder ? 'The picture is on its way' : 'Draft'
}

const showDay = (time: string): string =>
  new Date(time).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })
