import { useEffect, useState } from 'preact/hooks'
import { Icon } from '../parts/icon.tsx'
import { Palette } from './palette.tsx'

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform)

/** Opens the field that finds everything; so do Ctrl+K (on a Mac ⌘K) and, where nobody is typing, the slash. */
export const FindButton = () => {
  const [isOpen, setIsOpen] = useState(false)
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const isCombination = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k'
      if (!isCombination && (event.key !== '/' || isTyping(event))) return
      // Another dialog asks something that is to be answered first.
      if (document.querySelector('dialog[open]:not(.palette)')) return
      event.preventDefault()
      setIsOpen((open) => (isCombination ? !open : true))
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
  return (
    <>
      <button type="button" class="find-button" onClick={() => setIsOpen(true)}>
        <Icon name="search" />
        <span>Find</span>
        <kbd>{IS_MAC ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      {isOpen && <Palette onClose={() => setIsOpen(false)} />}
    </>
  )
}

const isTyping = ({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean =>
  ctrlKey ||
  metaKey ||
  altKey ||
  (target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)))
