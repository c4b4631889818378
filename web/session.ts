import { callApi } from './api.ts'

export type Session = { ownerId: string; isAdmin: boolean; expiresAt: string }
type Answer = ({ isSignedIn: true } & Session) | { isSignedIn: false }

/** Who is signed in here. A token in the address (`#token=…`, which no server sees) signs in first, and is taken out of it. */
export const findSession = async (): Promise<Session | undefined> => {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token) {
    history.replaceState(null, '', location.pathname + location.search)
    return signIn(token)
  }
  const answer = await callApi<Answer>('/api/session')
  return answer.isSignedIn ? answer : undefined
}

/** Throws `ProblemError` when the token is not accepted. */
export const signIn = (token: string): Promise<Session> =>
  callApi<Session>('/api/session', { method: 'POST', body: { token } })

export const signOut = (): Promise<void> => callApi('/api/session', { method: 'DELETE' })
