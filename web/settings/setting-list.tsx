import type { Setting } from '../../src/contract/setting.ts'
import { Badge } from '../parts/badge.tsx'
import { formatDuration } from '../parts/format.ts'
import { isChanged } from './groups.ts'

export const SettingList = ({ settings }: { settings: readonly Setting[] }) => (
  <ul class="settings">
    {settings.map((setting) => (
      <li key={setting.name}>
        <div>
          <code class="setting-name">{setting.name}</code>
          <p>{markCode(setting.description)}</p>
        </div>
        <Value setting={setting} />
      </li>
    ))}
  </ul>
)

const Value = ({ setting }: { setting: Setting }) => {
  const { name, value, isSecret, default: standard } = setting
  if (value === undefined) return <span class="setting-value muted">not set</span>
  if (isSecret) {
    return (
      <span class="setting-value">
        <Badge tone="info" icon="key" title="Secrets are shown to nobody">
          set, hidden
        </Badge>
      </span>
    )
  }
  return (
    <span class="setting-value">
      <span class="badges">
        {isChanged(setting) && <Badge tone="accent">set here</Badge>}
        <code>{value}</code>
      </span>
      <span class="setting-note">
        {isChanged(setting) && standard !== undefined
          ? `default: ${standard}${inWords(name, standard)}`
          : inWords(name, value).trim()}
      </span>
    </span>
  )
}

/** What is between backticks as code. */
const markCode = (text: string) =>
  text.split('`').map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part))

/** ` (30 s)` after milliseconds, which are read with difficulty; several have commas between them. */
const inWords = (name: string, value: string): string => {
  if (!name.endsWith('_MS')) return ''
  const each = value.split(',').map(Number)
  return each.some((ms) => ms >= 1_000) ? ` (${each.map(formatDuration).join(', ')})` : ''
}
