import { useState } from 'preact/hooks'
import { Badge } from '../parts/badge.tsx'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { Time } from '../parts/time.tsx'
import { pauseSpending, resumeSpending } from './calls.ts'

/** Whether anything is paid for, and the switch. */
export const SwitchCard = ({
  pausedAt,
  onChanged,
}: {
  pausedAt: string | null
  onChanged: () => void
}) => {
  const [isAsking, setIsAsking] = useState(false)
  const isPaused = pausedAt !== null
  return (
    <Card
      title="Paying"
      actions={
        <Button kind={isPaused ? 'primary' : 'danger'} onClick={() => setIsAsking(true)}>
          {isPaused ? 'Let it go on' : 'Stop all paying'}
        </Button>
      }
    >
      <p>
        {isPaused ? (
          <Badge tone="bad" icon="stop">
            stopped
          </Badge>
        ) : (
          <Badge tone="good" icon="check">
            goes on
          </Badge>
        )}{' '}
        {isPaused ? (
          <>
            Since <Time at={pausedAt} /> no call is paid for. What exists is answered.
          </>
        ) : (
          'Calls are paid for within their limits.'
        )}
      </p>
      {isAsking && (
        <ConfirmDialog
          title={isPaused ? 'Let paying go on?' : 'Stop all paying?'}
          confirm={isPaused ? 'Let it go on' : 'Stop it'}
          isDanger={!isPaused}
          onConfirm={async () => {
            await (isPaused ? resumeSpending() : pauseSpending())
            onChanged()
          }}
          onClose={() => setIsAsking(false)}
        >
          <p>
            {isPaused
              ? 'What waits in the eager lane is made at once.'
              : 'No call is sent by any worker until somebody lets it go on. What is out goes on, images that exist are answered, and eager work waits.'}
          </p>
        </ConfirmDialog>
      )}
    </Card>
  )
}
