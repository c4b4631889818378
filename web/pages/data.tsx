import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { ErasureReceipt } from '../../src/contract/erasure.ts'
import { EraseDialog } from '../owners/erase-dialog.tsx'
import { ErasureFacts } from '../owners/erasure-facts.tsx'
import { SessionsCard } from '../owners/sessions-card.tsx'
import { Button, ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { Page } from '../parts/page.tsx'
import { useSession } from '../session-context.ts'
import { useResource } from '../use-resource.ts'

const REFRESH_MS = 1_000

/** What is kept of an owner, to be taken along or erased: of oneself, or for operators of the owner that the address names. */
export const Data = () => {
  const { ownerId: me, isAdmin } = useSession()
  const asked = useLocation().query.owner
  const ownerId = isAdmin && asked ? asked : me
  return <DataOf key={ownerId} ownerId={ownerId} isMe={ownerId === me} />
}

const DataOf = ({ ownerId, isMe }: { ownerId: string; isMe: boolean }) => {
  const path = isMe ? '/api/me' : `/api/owners/${encodeURIComponent(ownerId)}`
  const [isAsking, setIsAsking] = useState(false)
  const [begun, setBegun] = useState<ErasureReceipt>()
  const isOver = (erasure?: ErasureReceipt) => erasure?.status === 'done'
  const [done, setDone] = useState<ErasureReceipt>()
  const { value } = useResource<ErasureReceipt>(
    begun && !done ? `${path}/erasure` : undefined,
    REFRESH_MS,
  )
  if (value && isOver(value) && !done) setDone(value)
  const erasure = done ?? value ?? begun
  const whose = isMe ? 'you' : ownerId
  return (
    <Page
      title={isMe ? 'Your data' : 'Data of an owner'}
      about={`All that is kept of ${whose}, to be taken along or erased.`}
    >
      <Card title="Take it along">
        <p>
          One file (tar) with every image and upload, and with all that is kept besides as lines of
          JSON.
        </p>
        <ButtonLink icon="download" href={`${path}/export`} download="imageonce-export.tar">
          Export
        </ButtonLink>
      </Card>
      <SessionsCard ownerId={ownerId} isMe={isMe} />
      <Card title="Erase it">
        <p>
          Deletes everything for good, within minutes. What was sent to the image model or to
          webhooks before is out of reach.
        </p>
        <Button kind="danger" icon="trash" onClick={() => setIsAsking(true)}>
          Erase…
        </Button>
      </Card>
      {erasure && <ErasureFacts erasure={erasure} />}
      {isAsking && (
        <EraseDialog
          ownerId={ownerId}
          path={path}
          onErased={(erased) => {
            setDone(undefined)
            setBegun(erased)
          }}
          onClose={() => setIsAsking(false)}
        />
      )}
    </Page>
  )
}
