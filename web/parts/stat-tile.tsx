import type { ComponentChildren } from 'preact'

export type Tone = 'good' | 'warn' | 'bad'

/** One number that is looked at before anything is read. */
export const StatTile = ({
  name,
  value,
  hint,
  tone,
}: {
  name: string
  value: ComponentChildren
  hint?: ComponentChildren
  tone?: Tone | undefined
}) => (
  <dl class="card tile">
    <dt>{name}</dt>
    <dd class={tone ? `tile-value tone-${tone}` : 'tile-value'}>{value}</dd>
    {hint && <dd class="tile-hint">{hint}</dd>}
  </dl>
)
