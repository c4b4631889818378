import { ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Page } from '../parts/page.tsx'

export const Overview = () => (
  <Page title="Overview">
    <Card>
      <EmptyState title="Make an image, then ask for it again">
        <p>The first time costs one call to the model. Every time after that costs nothing.</p>
        <ButtonLink kind="primary" href="/playground" icon="playground">
          Open the playground
        </ButtonLink>
      </EmptyState>
    </Card>
  </Page>
)
