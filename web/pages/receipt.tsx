import { useState } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import type { Receipt as ReceiptState } from '../../src/contract/receipt.ts'
import { Button, ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { AskingList } from '../receipts/asking-list.tsx'
import { ShareDialog } from '../receipts/share-dialog.tsx'
import { SiblingList, SourceList } from '../receipts/sibling-list.tsx'
import { Slip } from '../receipts/slip.tsx'
import { useReceipt } from '../receipts/use-receipt.ts'
import { WhyPaid } from '../receipts/why-paid.tsx'

/** What an image cost, what that answered, and what was paid for beside it. */
export const Receipt = () => {
  const { params } = useRoute()
  const id = params.id ?? ''
  const path = `/api/images/${encodeURIComponent(id)}/receipt`
  const { receipt, error, isLoading, more } = useReceipt<ReceiptState>(path)
  const [isSharing, setIsSharing] = useState(false)
  const { generation } = receipt ?? {}

  return (
    <Page
      title="Receipt"
      tabTitle={generation && `Receipt: ${generation.prompt.slice(0, 60)}`}
      about={
        <>
          <a href="/gallery">Gallery</a> / <code>{generation?.id ?? id}</code>
          {generation?.ownerId && <>, of {generation.ownerId}</>}
        </>
      }
      actions={
        generation && (
          <>
            <ButtonLink icon="generations" href={`/generations/${generation.id}`}>
              Generation
            </ButtonLink>
            {generation.status === 'succeeded' && (
              <Button icon="send" onClick={() => setIsSharing(true)}>
                Share…
              </Button>
            )}
          </>
        )
      }
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      {receipt && generation && (
        <>
          <Slip shown={generation} paid={receipt.paid} answered={receipt.answered} />
          <WhyPaid receipt={receipt} />
          <div class="receipt">
            <Card title="Every asking">
              <AskingList
                askings={receipt.askings}
                prompt={generation.prompt}
                isLoading={isLoading}
                more={more}
              />
            </Card>
            <Beside receipt={receipt} />
          </div>
          {isSharing && <ShareDialog id={generation.id} onClose={() => setIsSharing(false)} />}
        </>
      )}
    </Page>
  )
}

const Beside = ({ receipt: { generation, siblings, sources } }: { receipt: ReceiptState }) => (
  <Card title="Beside it">
    {siblings.length + sources.length === 0 && (
      <p class="muted">No other image of these words, and none that was made from it.</p>
    )}
    {sources.length > 0 && <SourceList sources={sources} />}
    <SiblingList generation={generation} siblings={siblings} />
  </Card>
)
