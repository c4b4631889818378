import { GENERATION_STATUSES } from '../../src/contract/status.ts'
import { SelectField, TextField } from '../parts/field.tsx'
import { SearchField } from '../parts/search-field.tsx'
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
  /** `isSame`: it goes on with the change before. */
  onChange: (change: Partial<Filter>, isSame?: boolean) => void
}) => (
  <form class="filters" onSubmit={(event) => event.preventDefault()}>
    <SearchField
      label="Prompt"
      placeholder="Words, “in a row”, -without"
      value={filter.q}
      onChange={(q, isSame) => onChange({ q }, isSame)}
    />
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
      label="Reused"
      value={filter.source}
      onChange={(source) => onChange({ source })}
      options={[any('Made or reused'), ...named(['exact', 'joined', 'similar', 'client'])]}
    />
    <TextField
      label="From"
      type="date"
      value={filter.from}
      onChange={(from) => onChange({ from })}
    />
    <TextField label="To" type="date" value={filter.to} onChange={(to) => onChange({ to })} />
    {isAdmin && (
      <WordField
        key={`owner-${filter.owner}`}
        label="Owner"
        placeholder="Everybody’s"
        value={filter.owner}
        onChange={(owner) => onChange({ owner })}
      />
    )}
    <details open={MORE.some((name) => filter[name])}>
      <summary>More filters</summary>
      <div>
        <SelectField
          label="Lane"
          value={filter.lane}
          onChange={(lane) => onChange({ lane })}
          options={[any('Any lane'), ...named(['interactive', 'eager'])]}
        />
        <WordField
          key={`model-${filter.model}`}
          label="Model"
          placeholder="Any"
          value={filter.model}
          onChange={(model) => onChange({ model })}
        />
        <WordField
          key={`error-${filter.errorCode}`}
          label="Error"
          placeholder="Any, or its code"
          value={filter.errorCode}
          onChange={(errorCode) => onChange({ errorCode })}
        />
        <WordField
          key={`cost-${filter.minCostUsd}`}
          label="Cost from, in $"
          placeholder="Any"
          value={filter.minCostUsd}
          onChange={(minCostUsd) => onChange({ minCostUsd: minCostUsd.replace(',', '.') })}
        />
      </div>
    </details>
  </form>
)

const MORE = ['lane', 'model', 'errorCode', 'minCostUsd'] as const
