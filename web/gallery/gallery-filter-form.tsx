import { SelectField, TextField } from '../parts/field.tsx'
import { SearchField } from '../parts/search-field.tsx'
import { WordField } from '../parts/word-field.tsx'
import type { GalleryFilter } from './filter.ts'

export const GalleryFilterForm = ({
  filter,
  isAdmin,
  onChange,
}: {
  filter: GalleryFilter
  isAdmin: boolean
  /** `isSame`: it goes on with the change before. */
  onChange: (change: Partial<GalleryFilter>, isSame?: boolean) => void
}) => (
  <form class="filters" onSubmit={(event) => event.preventDefault()}>
    <SearchField
      label="Prompt"
      placeholder="Words, “in a row”, -without"
      value={filter.q}
      onChange={(q, isSame) => onChange({ q }, isSame)}
    />
    <TextField
      label="From"
      type="date"
      value={filter.from}
      onChange={(from) => onChange({ from })}
    />
    <TextField label="To" type="date" value={filter.to} onChange={(to) => onChange({ to })} />
    <SelectField
      label="Order"
      value={filter.sort}
      onChange={(sort) => onChange({ sort })}
      options={[
        { value: '', name: 'newest first' },
        { value: 'oldest', name: 'oldest first' },
        { value: 'dearest', name: 'dearest first' },
      ]}
    />
    {isAdmin && (
      <WordField
        key={`owner-${filter.owner}`}
        label="Owner"
        placeholder="Yours"
        value={filter.owner}
        onChange={(owner) => onChange({ owner })}
      />
    )}
    <details open={Boolean(filter.model || filter.source || filter.minCostUsd)}>
      <summary>More filters</summary>
      <div>
        <SelectField
          label="Reused"
          value={filter.source}
          onChange={(source) => onChange({ source })}
          options={[
            { value: '', name: 'Whether or not' },
            ...['exact', 'joined', 'similar', 'client'].map((value) => ({ value, name: value })),
          ]}
        />
        <WordField
          key={`model-${filter.model}`}
          label="Model"
          placeholder="Any"
          value={filter.model}
          onChange={(model) => onChange({ model })}
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
