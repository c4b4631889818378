import { useEffect, useState } from 'preact/hooks'
import { formatDuration } from '../parts/format.ts'
import { Icon, type IconName } from '../parts/icon.tsx'
import type { Moment } from './moments.ts'
import { describeEnd } from './moments.ts'
import type { Run } from './use-run.ts'

const TICK_MS = 100

const icons: Record<Moment['kind'], IconName> = {
  sent: 'right',
  queued: 'clock',
  retrying: 'warning',
  running: 'playground',
  reused: 'check',
  stored: 'check',
  failed: 'warning',
  canceled: 'cross',
}

/** What happened to a request, while it happens. */
export const Timeline = ({ run }: { run: Run }) => (
  <div class="timeline">
    <ol aria-live="polite" aria-label="What happened">
      {run.moments.map(({ kind, title, detail, afterMs }, index) => {
        const isNow = run.isRunning && index === run.moments.length - 1
        return (
          <li key={`${index}-${kind}`} class={`moment moment-${kind}`}>
            <Icon name={isNow ? 'spinner' : icons[kind]} />
            <span>
              <strong>{title}</strong>
              {detail && <span class="muted"> {detail}</span>}
            </span>
            <span class="muted number">{formatDuration(afterMs)}</span>
          </li>
        )
      })}
    </ol>
    <p class="timeline-end">
      {run.isRunning || !run.state ? (
        <Elapsed sinceMs={run.startedAtMs} />
      ) : (
        describeEnd(run.states, run.elapsedMs ?? 0)
      )}
    </p>
  </div>
)

const Elapsed = ({ sinceMs }: { sinceMs: number }) => {
  const [nowMs, setNowMs] = useState(() => performance.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(performance.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  return <span class="muted number">{formatDuration(Math.max(0, nowMs - sinceMs))}</span>
}
