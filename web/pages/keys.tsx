import { useState } from 'preact/hooks'
import type { Key } from '../../src/contract/key.ts'
import { createKey, revokeKey } from '../keys/calls.ts'
import { KeyDialog } from '../keys/key-dialog.tsx'
import { KeyTable } from '../keys/key-table.tsx'
import { NewKeyDialog } from '../keys/new-key-dialog.tsx'
import { operatorsOnly } from '../operators-only.tsx'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { More } from '../parts/more.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { useToast } from '../parts/toast.tsx'
import { usePages } from '../use-pages.ts'

const REFRESH_MS = 15_000

/** The keys of back ends and scripts: made, seen and revoked. */
const AllKeys = () => {
  const pages = usePages<Key>('/api/keys?limit=50', 'keys', () => REFRESH_MS)
  const { rows, error, reload } = pages
  const [isMaking, setIsMaking] = useState(false)
  const [secret, setSecret] = useState<string>()
  const [revoking, setRevoking] = useState<Key>()
  const showToast = useToast()
  const make = (
    <Button kind="primary" icon="plus" onClick={() => setIsMaking(true)}>
      Make a key
    </Button>
  )

  return (
    <Page
      title="Keys"
      about="What back ends and scripts sign in with, each with what it may do."
      actions={rows && rows.length > 0 && make}
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      <Card>
        {rows?.length === 0 && (
          <EmptyState icon="key" title="No key yet">
            <p>
              A key is a back end’s or a script’s, with its scopes and bounds. It is shown once, and
              revoking it acts everywhere within a second.
            </p>
            {make}
          </EmptyState>
        )}
        {rows && rows.length > 0 && <KeyTable rows={rows} onRevoke={setRevoking} />}
        <More pages={pages} />
      </Card>
      {isMaking && (
        <KeyDialog
          onSave={async (input) => {
            setSecret((await createKey(input)).key)
            reload()
          }}
          onClose={() => setIsMaking(false)}
        />
      )}
      {secret && !isMaking && <NewKeyDialog secret={secret} onClose={() => setSecret(undefined)} />}
      {revoking && (
        <ConfirmDialog
          title={`Revoke ${revoking.name}`}
          confirm="Revoke it"
          isDanger
          onConfirm={async () => {
            await revokeKey(revoking.id)
            showToast('The key is refused from now on.')
            reload()
          }}
          onClose={() => setRevoking(undefined)}
        >
          <p>
            Whoever uses it is refused within a second, for good. Sessions begun with it end too.
          </p>
        </ConfirmDialog>
      )}
    </Page>
  )
}

export const Keys = operatorsOnly('Keys', AllKeys)
