import { useState } from 'preact/hooks'
import { TextField } from './field.tsx'

/** A name that is half written is nobody's: it counts when it is done, by Enter or on the way out. */
export const WordField = ({
  label,
  placeholder,
  value,
  onChange,
}: {
  label: string
  placeholder: string
  value: string
  onChange: (value: string) => void
}) => {
  const [text, setText] = useState(value)
  return (
    <div onChange={() => text.trim() !== value && onChange(text.trim())}>
      <TextField
        label={label}
        type="search"
        placeholder={placeholder}
        value={text}
        onChange={setText}
      />
    </div>
  )
}
