import type { ComponentChildren } from 'preact'
import type { Tone } from './stat-tile.tsx'

/** A number beside how far it fills its bar. The bar is decoration: the number says it all. */
export const Meter = ({
  share,
  tone,
  children,
}: {
  /** Between 0 and 1. */
  share: number
  tone: Tone
  children: ComponentChildren
}) => (
  <span class={`meter meter-${tone}`}>
    <span class="meter-track" aria-hidden="true">
      <span style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }} />
    </span>
    {children}
  </span>
)
