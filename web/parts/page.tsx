import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'

/** A page under its title, which is the tab's as well. */
export const Page = ({
  title,
  about,
  actions,
  children,
}: {
  title: string
  about?: ComponentChildren
  actions?: ComponentChildren
  children: ComponentChildren
}) => {
  useEffect(() => {
    document.title = `${title} · imageonce`
  }, [title])
  return (
    <div class="page">
      <header class="page-header">
        <div>
          <h1>{title}</h1>
          {about && <p>{about}</p>}
        </div>
        {actions && <div class="row">{actions}</div>}
      </header>
      {children}
    </div>
  )
}
