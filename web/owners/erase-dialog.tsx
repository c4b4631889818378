import { useState } from 'preact/hooks'
import type { ErasureReceipt } from '../../src/contract/erasure.ts'
import { callApi } from '../api.ts'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { TextField } from '../parts/field.tsx'

/** Asks for the owner's id before everything of theirs is erased. */
export const EraseDialog = ({
  ownerId,
  path,
  onErased,
  onClose,
}: {
  ownerId: string
  /** Of the owner in the API. */
  path: string
  onErased: (erasure: ErasureReceipt) => void
  onClose: () => void
}) => {
  const [typed, setTyped] = useState('')
  const erase = async () => onErased(await callApi<ErasureReceipt>(path, { method: 'DELETE' }))
  return (
    <ConfirmDialog
      title="Erase everything?"
      confirm="Erase everything"
      isDanger
      isReady={typed === ownerId}
      onConfirm={erase}
      onClose={onClose}
    >
      <p>
        All images, uploads, generations, saved items and webhooks of <strong>{ownerId}</strong> are
        deleted, and what is in the making is canceled. It can’t be undone.
      </p>
      <TextField
        label={`Type ${ownerId} to go on`}
        autocomplete="off"
        value={typed}
        onChange={setTyped}
      />
    </ConfirmDialog>
  )
}
