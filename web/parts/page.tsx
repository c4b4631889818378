import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'

/** A page under its title, which is the tab's as well unless that says more. */
export const Page = ({
  title,
  tabTitle = title,
  about,
  actions,
  children,
}: {
  title: string
  /** The tab's, where it says more. */
  tabTitle?: string | undefined
  about?: ComponentChildren
  actions?: ComponentChildren
  children: ComponentChildren
}) => {
  useEffect(() => {
    document.title = `${tabTitle} · imageonce`
  }, [tabTitle])
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
