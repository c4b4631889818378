import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { Icon } from '../parts/icon.tsx'
import { useSession } from '../session-context.ts'
import { type Choice, listChoices } from './choices.tsx'
import { useFound } from './use-found.ts'

/** One field that finds everything; arrow keys choose, Enter goes there, Escape leaves. */
export const Palette = ({ onClose }: { onClose: () => void }) => {
  const { isAdmin } = useSession()
  const { route } = useLocation()
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const { found, isStale, error } = useFound(typed, isAdmin)
  const choices = listChoices(typed, found, isAdmin)
  const chosen = choices[Math.min(at, choices.length - 1)]

  // At once: what is typed right after the key that opens it belongs to it.
  useLayoutEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      dialog.current?.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  useEffect(() => {
    dialog.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [chosen?.key])

  const go = ({ path }: Choice) => {
    onClose()
    route(path)
  }
  const press = (event: KeyboardEvent) => {
    const last = choices.length - 1
    const moved = {
      ArrowDown: at >= last ? 0 : at + 1,
      ArrowUp: at <= 0 ? last : Math.min(at, last) - 1,
      PageDown: Math.min(at + PAGE, last),
      PageUp: Math.max(at - PAGE, 0),
    }[event.key]
    if (moved !== undefined) setAt(moved)
    else if (event.key === 'Enter' && chosen && !event.isComposing) go(chosen)
    else return
    event.preventDefault()
  }

  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Find"
      onCancel={onClose}
      onMouseDown={(event) => event.target === dialog.current && onClose()}
    >
      <div class="palette-field">
        <Icon name={isStale && typed.trim() && !error ? 'spinner' : 'search'} />
        <input
          type="text"
          role="combobox"
          aria-label="Find a prompt, an id, an owner, an error, a page or an action"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={chosen && `${id}-${choices.indexOf(chosen)}`}
          aria-autocomplete="list"
          autocomplete="off"
          spellcheck={false}
          placeholder="Find a prompt, an id, an owner, a page… or “lighthouse yesterday”"
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value)
            setAt(0)
          }}
          onKeyDown={press}
        />
        <kbd>Esc</kbd>
      </div>
      {error && <p class="palette-note">{error.message}</p>}
      <div id={id} class="palette-list" role="listbox" aria-label="What was found">
        {groupsOf(choices).map(({ name, members }) => (
          // biome-ignore lint/a11y/useSemanticElements: a listbox has groups of options, and no fieldset
          <div key={name} role="group" aria-label={name}>
            <div class="palette-group" aria-hidden="true">
              {name}
            </div>
            {members.map((choice) => (
              <Option
                key={choice.key}
                id={`${id}-${choices.indexOf(choice)}`}
                choice={choice}
                isChosen={choice === chosen}
                onPoint={() => setAt(choices.indexOf(choice))}
                onChoose={() => go(choice)}
              />
            ))}
          </div>
        ))}
      </div>
      <p class="visually-hidden" role="status">
        {typed.trim() && !isStale ? `${found?.generations.length ?? 0} images and generations` : ''}
      </p>
    </dialog>
  )
}

const PAGE = 6

const Option = ({
  id,
  choice,
  isChosen,
  onPoint,
  onChoose,
}: {
  id: string
  choice: Choice
  isChosen: boolean
  onPoint: () => void
  onChoose: () => void
}) => (
  // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
  // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus, and says which is chosen
  <div
    id={id}
    class="found"
    role="option"
    aria-selected={isChosen}
    onMouseMove={onPoint}
    onClick={onChoose}
  >
    {choice.body}
  </div>
)

const groupsOf = (choices: readonly Choice[]): { name: string; members: Choice[] }[] => {
  const groups: { name: string; members: Choice[] }[] = []
  for (const choice of choices) {
    const last = groups.at(-1)
    if (last?.name === choice.group) last.members.push(choice)
    else groups.push({ name: choice.group, members: [choice] })
  }
  return groups
}
