import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { ServerInfo } from '../src/contract/server-info.ts'
import { FiringCount } from './alerts/firing-count.tsx'
import { FindButton } from './find/find-button.tsx'
import { pages } from './find/places.ts'
import { ProviderBadge } from './parts/badge.tsx'
import { Button } from './parts/button.tsx'
import { Icon } from './parts/icon.tsx'
import { ToastProvider } from './parts/toast.tsx'
import { type Session, signOut } from './session.ts'
import { SessionContext } from './session-context.ts'
import { useResource } from './use-resource.ts'

/** What is round every page: where one can go, and who one is. */
export const Shell = ({
  session,
  onSignOut,
  children,
}: {
  session: Session
  onSignOut: () => void
  children: ComponentChildren
}) => (
  <SessionContext.Provider value={session}>
    <ToastProvider>
      <div class="shell">
        <a class="skip button" href="#main">
          Skip to the content
        </a>
        <header class="shell-side">
          <a class="brand" href="/">
            <img src="/favicon.svg" alt="" width="26" height="26" /> imageonce
          </a>
          <FindButton />
          <Navigation isAdmin={session.isAdmin} />
          <LocalNote />
          <div class="who">
            <div>
              <strong>{session.ownerId}</strong>
              <span>{session.isAdmin ? 'operator' : 'owner'}</span>
            </div>
            <Button kind="quiet" isSmall onClick={() => signOut().then(onSignOut)}>
              Sign out
            </Button>
          </div>
        </header>
        <main id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
    </ToastProvider>
  </SessionContext.Provider>
)

/** Says on every page that no image is a model's. */
const LocalNote = () => {
  const { value: info } = useResource<ServerInfo>('/api/info')
  if (info?.provider !== 'local') return null
  return (
    <div class="local-note">
      <ProviderBadge provider="local" />
    </div>
  )
}

const Navigation = ({ isAdmin }: { isAdmin: boolean }) => {
  const { path: here } = useLocation()
  const isHere = (path: string) =>
    path === '/' ? here === '/' : here === path || here.startsWith(`${path}/`)
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    const current = nav.current?.querySelector('[aria-current]')
    current?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [here])
  return (
    <nav ref={nav} aria-label="Pages">
      {pages
        .filter(({ isForAdmins }) => !isForAdmins || isAdmin)
        .map(({ path, name, icon }) => (
          <a key={path} href={path} aria-current={isHere(path) ? 'page' : undefined}>
            <Icon name={icon} />
            {name}
            {path === '/alerts' && <FiringCount />}
          </a>
        ))}
    </nav>
  )
}
