import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon.tsx'

export type NoticeTone = 'info' | 'good' | 'warn' | 'bad'

const icons: Record<NoticeTone, IconName> = {
  info: 'info',
  good: 'check',
  warn: 'warning',
  bad: 'warning',
}

/** Something to know. One in `bad` is read out at once. */
export const Notice = ({
  tone = 'info',
  children,
}: {
  tone?: NoticeTone
  children: ComponentChildren
}) => (
  <div class={`notice notice-${tone}`} role={tone === 'bad' ? 'alert' : undefined}>
    <Icon name={icons[tone]} />
    <div>{children}</div>
  </div>
)
