import { useEffect, useRef, useState } from 'preact/hooks'
import { TextField } from './field.tsx'

/** So long nothing is typed before it counts. */
const PAUSE_MS = 250

/**
 * Words that are searched for as they are typed. `isSame` is true for all but the first change of one go at it, so that one step back
 * undoes the whole.
 */
export const SearchField = ({
  label,
  placeholder,
  value,
  onChange,
}: {
  label: string
  placeholder: string
  value: string
  onChange: (value: string, isSame: boolean) => void
}) => {
  const [text, setText] = useState(value)
  const sent = useRef(value)
  const isSame = useRef(false)
  useEffect(() => {
    // It was changed elsewhere, as by the browser's way back.
    if (value !== sent.current) setText(value)
    sent.current = value
  }, [value])
  const send = () => {
    const word = text.trim()
    if (word === sent.current) return
    sent.current = word
    onChange(word, isSame.current)
    isSame.current = true
  }
  useEffect(() => {
    const timer = setTimeout(send, PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <search
      class="filter-search"
      onFocusOut={() => {
        send()
        isSame.current = false
      }}
    >
      <TextField
        label={label}
        type="search"
        placeholder={placeholder}
        value={text}
        onChange={setText}
      />
    </search>
  )
}
