import { createImageonceClient } from 'imageonce/client'
import { useEffect, useState } from 'preact/hooks'
import { findSession, type Session } from '../../web/session.ts'
import { SignIn } from './sign-in.tsx'
import { StudioPage } from './studio-page.tsx'

/**
 * This page comes from the image server itself, so a session says who calls. An app of yours gives
 * `baseUrl: 'https://images.example'` and a `token` instead; nothing else differs.
 */
const client = createImageonceClient({ baseUrl: '' })

const hasGuards = new URLSearchParams(location.search).get('guards') !== 'off'

export const App = () => {
  const [session, setSession] = useState<Session>()
  const [isKnown, setIsKnown] = useState(false)

  useEffect(() => {
    findSession()
      .then(setSession, () => {})
      .finally(() => setIsKnown(true))
  }, [])

  if (!isKnown) return null
  if (!session) return <SignIn onSignIn={setSession} />
  return <StudioPage client={client} ownerId={session.ownerId} hasGuards={hasGuards} />
}
