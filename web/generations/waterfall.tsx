import { formatDuration } from '../parts/format.ts'
import type { Run, Span } from './runs.ts'

/** What was done when, each stretch as a bar on one scale of time. */
export const Waterfall = ({ run, label }: { run: Run; label: string }) => (
  <ol class="waterfall" aria-label={label}>
    {run.spans.map((span, index) => (
      <Bar key={`${index}-${span.name}`} span={span} lengthMs={run.lengthMs} />
    ))}
  </ol>
)

const Bar = ({ span, lengthMs }: { span: Span; lengthMs: number }) => {
  const { name, kind, startMs, endMs, detail } = span
  const percent = (ms: number) => `${(100 * ms) / lengthMs}%`
  const isMoment = startMs === endMs
  return (
    <li class={`waterfall-${kind}`}>
      <span>
        {name}
        {detail && (
          <>
            {' '}
            <code class="muted">{detail}</code>
          </>
        )}
      </span>
      <span class="waterfall-track" aria-hidden="true">
        <span
          class="waterfall-bar"
          style={{
            left: `min(${percent(startMs)}, 100% - 3px)`,
            width: percent(endMs - startMs),
          }}
        />
      </span>
      <span class="waterfall-time" title={`from ${formatDuration(startMs)} on`}>
        {isMoment ? `at ${formatDuration(startMs)}` : formatDuration(endMs - startMs)}
      </span>
    </li>
  )
}
