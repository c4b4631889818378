import type { ComponentChildren, InputHTMLAttributes, Ref } from 'preact'
import { useId } from 'preact/hooks'

type Common = {
  label: string
  hint?: ComponentChildren
  /** What is wrong with the value, in words. */
  problem?: string | undefined
  value: string
  onChange: (value: string) => void
}

type Native = { name?: string; placeholder?: string; required?: boolean; maxLength?: number }

type NativeInput = Native & {
  type?: 'text' | 'password' | 'url' | 'date' | 'number' | 'search'
  autocomplete?: string
}
type NativeArea = Native & { rows?: number; inputRef?: Ref<HTMLTextAreaElement> }

export const TextField = ({
  label,
  hint,
  problem,
  value,
  onChange,
  ...native
}: Common & NativeInput) => (
  <Field label={label} hint={hint} problem={problem}>
    {(described) => (
      <input
        {...asOneType(native)}
        {...described}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    )}
  </Field>
)

/** The types of attributes want each `type` by itself. */
const asOneType = (native: NativeInput) => native as InputHTMLAttributes<HTMLInputElement>

export const TextArea = ({
  label,
  hint,
  problem,
  value,
  onChange,
  inputRef,
  ...native
}: Common & NativeArea) => (
  <Field label={label} hint={hint} problem={problem}>
    {(described) => (
      <textarea
        {...native}
        {...described}
        ref={inputRef ?? null}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    )}
  </Field>
)

export type Option = { value: string; name: string; disabled?: boolean }

export const SelectField = ({
  label,
  hint,
  problem,
  value,
  onChange,
  options,
}: Common & { options: readonly Option[] }) => (
  <Field label={label} hint={hint} problem={problem}>
    {(described) => (
      <select
        {...described}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled ?? false}>
            {option.name}
          </option>
        ))}
      </select>
    )}
  </Field>
)

type Described = { 'aria-describedby': string | undefined; 'aria-invalid': boolean }

/** A control under its name, above what helps or is wrong. */
const Field = ({
  label,
  hint,
  problem,
  children,
}: Pick<Common, 'label' | 'hint' | 'problem'> & {
  children: (described: Described) => ComponentChildren
}) => {
  const id = useId()
  const isDescribed = Boolean(hint || problem)
  return (
    <div class="field">
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the control is what `children` gives */}
      <label>
        <span class="field-name">{label}</span>
        {children({
          'aria-describedby': isDescribed ? id : undefined,
          'aria-invalid': problem !== undefined,
        })}
      </label>
      {isDescribed && (
        <span id={id} class={problem ? 'field-problem' : 'field-hint'}>
          {problem ?? hint}
        </span>
      )}
    </div>
  )
}
