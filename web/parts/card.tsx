import type { ComponentChildren } from 'preact'

/** A piece of a page. With a title it is a section of that name. */
export const Card = ({
  title,
  actions,
  children,
}: {
  title?: string
  actions?: ComponentChildren
  children: ComponentChildren
}) => (
  <section class="card" aria-label={title}>
    {(title || actions) && (
      <div class="card-header">
        {title && <h2>{title}</h2>}
        {actions && <div class="row">{actions}</div>}
      </div>
    )}
    {children}
  </section>
)
