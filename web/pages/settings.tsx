import { useState } from 'preact/hooks'
import type { ServerStatus } from '../../src/contract/server-status.ts'
import type { Setting } from '../../src/contract/setting.ts'
import { operatorsOnly } from '../operators-only.tsx'
import { Card } from '../parts/card.tsx'
import { Checkbox } from '../parts/checkbox.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { TextField } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { groupSettings } from '../settings/groups.ts'
import { ServerFacts } from '../settings/server-facts.tsx'
import { SettingList } from '../settings/setting-list.tsx'
import { Workers } from '../settings/worker-table.tsx'
import { useResource } from '../use-resource.ts'

const REFRESH_MS = 5_000

/** What the server is made of, and how it is set. */
const AllSettings = () => {
  const status = useResource<ServerStatus>('/api/status', REFRESH_MS)
  const { value, error } = useResource<{ settings: Setting[] }>('/api/settings')
  const problem = status.error ?? error
  return (
    <Page
      title="Settings"
      about="How this server is set, to read: it is changed in its environment, and started again."
    >
      {problem && <Notice tone="bad">{problem.message}</Notice>}
      {status.value && <ServerFacts status={status.value} />}
      {status.value && <Workers workers={status.value.workers} />}
      {value && <Environment settings={value.settings} />}
    </Page>
  )
}

const Environment = ({ settings }: { settings: readonly Setting[] }) => {
  const [words, setWords] = useState('')
  const [isChangedOnly, setIsChangedOnly] = useState(false)
  const groups = groupSettings(settings, { words, isChangedOnly })
  return (
    <>
      <Card title="Environment">
        <form class="settings-search" onSubmit={(event) => event.preventDefault()}>
          <TextField
            label="Find a setting"
            type="search"
            placeholder="Its name, what it does, its value"
            value={words}
            onChange={setWords}
          />
          <Checkbox
            label="Only what differs from the default"
            isChecked={isChangedOnly}
            onChange={setIsChangedOnly}
          />
        </form>
      </Card>
      <div class="setting-groups">
        {groups.map((group) => (
          <Card key={group.title} title={group.title}>
            <SettingList settings={group.settings} />
          </Card>
        ))}
      </div>
      {groups.length === 0 && (
        <Card>
          <EmptyState icon="settings" title="No setting matches" />
        </Card>
      )}
    </>
  )
}

export const Settings = operatorsOnly('Settings', AllSettings)
