import type { Source } from './illustrate.ts'
import type { Action, Entry } from './use-action-log.ts'

type Explanation = { label: string; text: string; isPaid?: boolean }

const sources: Record<Source, Explanation> = {
  client: { label: 'guard', text: 'The post has its picture, so nobody was asked.' },
  shared: { label: 'shared', text: 'This page was asking already; both got that answer.' },
  joined: { label: 'joined', text: 'The picture was on its way; this waited for the same one.' },
  exact: { label: 'exact', text: 'The server had the picture, and answered with it.' },
  similar: { label: 'similar', text: 'The server had a picture that is as good.' },
  new: { label: 'new', text: 'There was no such picture, so it was made.', isPaid: true },
  forced: { label: 'forced', text: 'Another one was asked for, so it was made.', isPaid: true },
}

/** Actions that have nothing to ask. */
const silent: Partial<Record<Action, Explanation>> = {
  Save: { label: 'saved', text: 'The server sees to the picture.' },
  Schedule: { label: 'saved', text: 'A date is no picture: nothing was asked.' },
  Remove: { label: 'removed', text: 'The picture stays, in case it is wanted again.' },
}

/** What the server said to each action, and why that did or did not cost anything. */
export const ActionLog = ({ entries }: { entries: Entry[] }) => (
  <section class="card" aria-labelledby="log-title">
    <h2 id="log-title">What happened</h2>
    {entries.length === 0 && <p class="muted">Nothing yet.</p>}
    <ol class="log">
      {entries.map((entry) => {
        const { label, text, isPaid } = explain(entry)
        return (
          <li key={entry.id} class={isPaid ? 'paid' : ''}>
            <span class="name">{entry.action}</span>
            <span class={entry.error ? 'badge bad' : isPaid ? 'badge warn' : 'badge good'}>
              {label}
            </span>
            <span class="muted small time">{entry.durationMs} ms</span>
            <span class="muted small text">{text}</span>
          </li>
        )
      })}
    </ol>
  </section>
)

const explain = ({ action, source, error }: Entry): Explanation => {
  if (error) return { label: 'failed', text: error }
  if (source) return sources[source]
  return silent[action] ?? { label: 'done', text: 'Nothing was asked.' }
}
