import type { ComponentType } from 'preact'
import { ButtonLink } from './parts/button.tsx'
import { Card } from './parts/card.tsx'
import { EmptyState } from './parts/empty-state.tsx'
import { Page } from './parts/page.tsx'
import { useSession } from './session-context.ts'

/** A page that shows operators what it is, and everyone else that it is theirs. The server refuses the figures either way. */
export const operatorsOnly = (title: string, Content: ComponentType): ComponentType => {
  const Guarded = () => {
    const { isAdmin, ownerId } = useSession()
    if (isAdmin) return <Content />
    return (
      <Page title={title}>
        <Card>
          <EmptyState icon="key" title="This page is for operators">
            <p>
              You are signed in as <strong>{ownerId}</strong>, an owner. An operator signs in with a
              token that has <code>role: admin</code>, or with an operator’s key.
            </p>
            <ButtonLink href="/">Go to the overview</ButtonLink>
          </EmptyState>
        </Card>
      </Page>
    )
  }
  return Guarded
}
