import { useState } from 'preact/hooks'
import { GENERATION_STATUSES } from '../../contract/status.ts'
import { SelectField, TextField } from '../parts/field.tsx'
import type { Filter } from './filter.ts'

const any = (name: string) => ({ value: '', name })
const named = (words: readonly string[]) => words.map((word) => ({ value: word, name: word }))

export const FilterForm = ({
  filter,
  isAdmin,
  onChange,
}: {
  filter: Filter
  isAdmin: boolean
  onChange: (change: Partial<Filter>) => void
}) => {
  const [owner, setOwner] = useState(filter.owner)
  // A name that is half written is nobody's: it counts when it is done, by Enter or on the way out.
  const onDone = () => owner.trim() !== filter.owner && onChange({ owner: owner.trim() })
  return (
    <form
      class="filters"
      onChange={onDone}
      onSubmit={(event) => {
        event.preventDefault()
        onDone()
      }}
    >
      <SelectField
        label="Status"
        value={filter.status}
        onChange={(status) => onChange({ status })}
        options={[
          any('Any status'),
          { value: 'queued,running', name: 'under way' },
          { value: 'failed,canceled', name: 'without an image' },
          ...named(GENERATION_STATUSES),
        ]}
      />
      <SelectField
        label="Lane"
        value={filter.lane}
        onChange={(lane) => onChange({ lane })}
        options={[any('Any lane'), ...named(['interactive', 'eager'])]}
      />
      <SelectField
        label="Reused"
        value={filter.source}
        onChange={(source) => onChange({ source })}
        options={[any('Made or reused'), ...named(['exact', 'joined', 'similar'])]}
      />
      {isAdmin && (
        <TextField
          label="Owner"
          type="search"
          placeholder="Everybody’s"
          value={owner}
          onChange={setOwner}
        />
      )}
    </form>
  )
}
