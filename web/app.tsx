import { useEffect, useState } from 'preact/hooks'
import { LocationProvider, Route, Router } from 'preact-iso'
import { onSessionOver } from './api.ts'
import { Alerts } from './pages/alerts.tsx'
import { Data } from './pages/data.tsx'
import { Gallery } from './pages/gallery.tsx'
import { Generation } from './pages/generation.tsx'
import { Generations } from './pages/generations.tsx'
import { Keys } from './pages/keys.tsx'
import { NotFound } from './pages/not-found.tsx'
import { Overview } from './pages/overview.tsx'
import { Owners } from './pages/owners.tsx'
import { Playground } from './pages/playground.tsx'
import { Receipt } from './pages/receipt.tsx'
import { Settings } from './pages/settings.tsx'
import { isSharedAddress, SharedReceipt } from './pages/shared-receipt.tsx'
import { Similarity } from './pages/similarity.tsx'
import { Spending } from './pages/spending.tsx'
import { Webhook } from './pages/webhook.tsx'
import { Webhooks } from './pages/webhooks.tsx'
import { findSession, type Session } from './session.ts'
import { Shell } from './shell.tsx'
import { SignIn } from './sign-in.tsx'

/** As a page that is loaded would: who reads by ear begins at the new content. */
const focusContent = () => document.getElementById('main')?.focus({ preventScroll: true })

/** The dashboard, behind its sign-in; but for a receipt that was shared. */
export const App = () => (isSharedAddress(location) ? <SharedReceipt /> : <Dashboard />)

const Dashboard = () => {
  const [session, setSession] = useState<Session>()
  const [isKnown, setIsKnown] = useState(false)
  const [error, setError] = useState<Error>()

  useEffect(() => {
    findSession()
      .then(setSession, setError)
      .finally(() => setIsKnown(true))
    return onSessionOver((reason) => {
      setError(reason)
      setSession(undefined)
    })
  }, [])

  const signOut = () => {
    setError(undefined)
    setSession(undefined)
  }

  if (!isKnown) return null
  if (!session) return <SignIn problem={error?.message} onSignIn={setSession} />
  return (
    <LocationProvider>
      <Shell session={session} onSignOut={signOut}>
        <Router onRouteChange={focusContent}>
          <Route path="/" component={Overview} />
          <Route path="/playground" component={Playground} />
          <Route path="/generations" component={Generations} />
          <Route path="/generations/:id" component={Generation} />
          <Route path="/gallery" component={Gallery} />
          <Route path="/receipts/:id" component={Receipt} />
          <Route path="/similarity" component={Similarity} />
          <Route path="/owners" component={Owners} />
          <Route path="/webhooks" component={Webhooks} />
          <Route path="/webhooks/:id" component={Webhook} />
          <Route path="/keys" component={Keys} />
          <Route path="/spending" component={Spending} />
          <Route path="/alerts" component={Alerts} />
          <Route path="/data" component={Data} />
          <Route path="/settings" component={Settings} />
          <Route default component={NotFound} />
        </Router>
      </Shell>
    </LocationProvider>
  )
}
