import { useEffect } from 'preact/hooks'
import type { SharedReceipt as SharedState } from '../../src/contract/receipt.ts'
import { Card } from '../parts/card.tsx'
import { formatMoment } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { AskingList } from '../receipts/asking-list.tsx'
import { Slip } from '../receipts/slip.tsx'
import { useReceipt } from '../receipts/use-receipt.ts'

/** True of an address that was shared: it wants no session. */
export const isSharedAddress = ({ pathname, search }: Location): boolean =>
  pathname.startsWith('/receipts/') && new URLSearchParams(search).has('signature')

/** A receipt for whoever was given its address. */
export const SharedReceipt = () => {
  const path = `/api${location.pathname}${location.search}`
  const { receipt, error, isLoading, more } = useReceipt<SharedState>(path)
  useEffect(() => {
    document.title = receipt ? `Receipt: ${receipt.prompt.slice(0, 60)}` : 'Receipt · imageonce'
  }, [receipt?.prompt])
  return (
    <main class="shared-receipt">
      <h1 class="visually-hidden">Receipt of an image</h1>
      {error && <Notice tone="bad">{error.message}</Notice>}
      {receipt && (
        <>
          <Slip shown={receipt} paid={receipt.paid} answered={receipt.answered} />
          <Card title="Every asking">
            <AskingList
              askings={receipt.askings}
              prompt={receipt.prompt}
              isLoading={isLoading}
              more={more}
            />
          </Card>
          <p class="muted">This page is good until {formatMoment(receipt.expiresAt)}.</p>
        </>
      )}
    </main>
  )
}
