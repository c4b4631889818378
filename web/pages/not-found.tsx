import { ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Page } from '../parts/page.tsx'

export const NotFound = () => (
  <Page title="There is no such page">
    <Card>
      <EmptyState icon="warning" title="Nothing is at this address">
        <ButtonLink href="/">Go to the overview</ButtonLink>
      </EmptyState>
    </Card>
  </Page>
)
