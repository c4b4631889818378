import { GENERATION_STATUSES } from '../../src/contract/status.ts'
import { SelectField } from '../parts/field.tsx'
import { WordField } from '../parts/word-field.tsx'
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
}) => (
  <form class="filters" onSubmit={(event) => event.preventDefault()}>
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
    <WordField
      key={`error-${filter.errorCode}`}
      label="Error"
      placeholder="Any, or its code"
      value={filter.errorCode}
      onChange={(errorCode) => onChange({ errorCode })}
    />
    {isAdmin && (
      <WordField
        key={`owner-${filter.owner}`}
        label="Owner"
        placeholder="Everybody’s"
        value={filter.owner}
        onChange={(owner) => onChange({ owner })}
      />
    )}
  </form>
)
