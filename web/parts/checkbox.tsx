import type { ComponentChildren } from 'preact'

/** Something that is so or not, under its name and what that means. */
export const Checkbox = ({
  label,
  hint,
  isChecked,
  onChange,
}: {
  label: ComponentChildren
  hint?: ComponentChildren
  isChecked: boolean
  onChange: (isChecked: boolean) => void
}) => (
  <label class="checkbox">
    <input
      type="checkbox"
      checked={isChecked}
      onChange={({ currentTarget }) => onChange(currentTarget.checked)}
    />
    <span>
      {label}
      {hint && <span class="field-hint">{hint}</span>}
    </span>
  </label>
)
