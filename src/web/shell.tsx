import type { ComponentChildren } from 'preact'
import { useLocation } from 'preact-iso'
import { type Session, signOut } from './session.ts'

type Link = { path: string; name: string; isForAdmins?: boolean }

const links: Link[] = [{ path: '/', name: 'Overview' }]

/** What is round every page: where one can go, and who one is. */
export const Shell = ({
  session,
  onSignOut,
  children,
}: {
  session: Session
  onSignOut: () => void
  children: ComponentChildren
}) => {
  const { path: here } = useLocation()
  const isHere = (path: string) => (path === '/' ? here === '/' : here.startsWith(path))
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="shell-header">
        <a class="brand" href="/">
          <img src="/favicon.svg" alt="" width="24" height="24" /> imageonce
        </a>
        <nav aria-label="Pages">
          {links
            .filter(({ isForAdmins }) => !isForAdmins || session.isAdmin)
            .map(({ path, name }) => (
              <a key={path} href={path} aria-current={isHere(path) ? 'page' : undefined}>
                {name}
              </a>
            ))}
        </nav>
        <div class="who">
          <span title={session.isAdmin ? 'operator' : 'owner'}>{session.ownerId}</span>
          <button type="button" class="quiet" onClick={() => signOut().then(onSignOut)}>
            Sign out
          </button>
        </div>
      </header>
      <main id="main">{children}</main>
    </div>
  )
}
