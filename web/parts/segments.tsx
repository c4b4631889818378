export type Segment = { value: string; name: string }

/** One of a few choices, all in sight. */
export const Segments = ({
  label,
  value,
  segments,
  onChange,
}: {
  label: string
  value: string
  segments: readonly Segment[]
  onChange: (value: string) => void
}) => (
  <fieldset class="segments">
    <legend class="visually-hidden">{label}</legend>
    {segments.map((segment) => (
      <button
        key={segment.value}
        type="button"
        aria-pressed={segment.value === value}
        onClick={() => onChange(segment.value)}
      >
        {segment.name}
      </button>
    ))}
  </fieldset>
)
