import { useState } from 'preact/hooks'
import { client } from '../client.ts'
import { Button } from '../parts/button.tsx'
import { useToast } from '../parts/toast.tsx'

/** Cancels these generations. */
export const CancelButton = ({ ids }: { ids: readonly string[] }) => {
  const showToast = useToast()
  const [isBusy, setIsBusy] = useState(false)
  const cancel = async () => {
    setIsBusy(true)
    const tell = (error: Error) => showToast(error.message, 'bad')
    await Promise.all(ids.map((id) => client.cancel(id).catch(tell)))
    setIsBusy(false)
  }
  return (
    <Button isSmall icon="stop" isBusy={isBusy} onClick={cancel}>
      Cancel
    </Button>
  )
}
