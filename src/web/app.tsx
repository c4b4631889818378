import { useEffect, useState } from 'preact/hooks'
import { LocationProvider, Route, Router } from 'preact-iso'
import { NotFound } from './pages/not-found.tsx'
import { Overview } from './pages/overview.tsx'
import { findSession, type Session } from './session.ts'
import { Shell } from './shell.tsx'
import { SignIn } from './sign-in.tsx'

/** The dashboard: whoever is not signed in signs in first. */
export const App = () => {
  const [session, setSession] = useState<Session>()
  const [isKnown, setIsKnown] = useState(false)
  const [error, setError] = useState<Error>()

  useEffect(() => {
    findSession()
      .then(setSession, setError)
      .finally(() => setIsKnown(true))
  }, [])

  if (!isKnown) return null
  if (!session) return <SignIn problem={error?.message} onSignIn={setSession} />
  return (
    <LocationProvider>
      <Shell session={session} onSignOut={() => setSession(undefined)}>
        <Router>
          <Route path="/" component={Overview} />
          <Route default component={NotFound} />
        </Router>
      </Shell>
    </LocationProvider>
  )
}
