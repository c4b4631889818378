import { useState } from 'preact/hooks'
import { callApi } from '../api.ts'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { Notice } from '../parts/notice.tsx'

/** Ends all sessions of oneself, this one too, or for operators those of an owner. */
export const SessionsCard = ({ ownerId, isMe }: { ownerId: string; isMe: boolean }) => {
  const [isAsking, setIsAsking] = useState(false)
  const [isEnded, setIsEnded] = useState(false)
  const end = async () => {
    await (isMe
      ? callApi('/api/me/sessions', { method: 'DELETE' })
      : callApi('/api/sessions/end', { method: 'POST', body: { ownerId } }))
    setIsEnded(true)
    // Who has no session any more is asked to sign in.
    if (isMe) await callApi('/api/info').catch(() => {})
  }
  return (
    <Card title="Sessions">
      <p>
        Signs {isMe ? 'you' : ownerId} out in every browser. Tokens and keys are no sessions, and go
        on.
      </p>
      {isEnded && <Notice tone="good">All sessions are over.</Notice>}
      <Button onClick={() => setIsAsking(true)}>Sign out everywhere…</Button>
      {isAsking && (
        <ConfirmDialog
          title={isMe ? 'Sign out everywhere?' : `Sign ${ownerId} out everywhere?`}
          confirm="Sign out everywhere"
          isDanger
          onConfirm={end}
          onClose={() => setIsAsking(false)}
        >
          <p>
            {isMe
              ? 'This browser is signed out as well.'
              : `Whoever is signed in as ${ownerId} has to sign in again.`}
          </p>
        </ConfirmDialog>
      )}
    </Card>
  )
}
