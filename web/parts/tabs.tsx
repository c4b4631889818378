import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'

export type Tab = { name: string; content: ComponentChildren }

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 }

/** One of several views of the same thing; the arrow keys go from one to the next. */
export const Tabs = ({ label, tabs }: { label: string; tabs: readonly Tab[] }) => {
  const id = useId()
  const [chosenName, setChosenName] = useState(tabs[0]?.name)
  // The chosen one may be there no more.
  const chosen = Math.max(
    0,
    tabs.findIndex(({ name }) => name === chosenName),
  )
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const step = STEPS[event.key]
    if (!step) return
    const next = (chosen + step + tabs.length) % tabs.length
    setChosenName(tabs[next]?.name)
    const buttons = event.currentTarget.querySelectorAll<HTMLButtonElement>('[role=tab]')
    buttons[next]?.focus()
  }
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map(({ name }, index) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-tab-${index}`}
            aria-selected={index === chosen}
            aria-controls={`${id}-panel`}
            tabIndex={index === chosen ? 0 : -1}
            onClick={() => setChosenName(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${chosen}`}>
        {tabs[chosen]?.content}
      </div>
    </>
  )
}
