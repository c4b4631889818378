import { useState } from 'preact/hooks'
import { type Session, signIn } from './session.ts'

/** Asks for a token: the one that `npm start` prints, one of the app's own, or an operator's key. */
export const SignIn = ({
  problem,
  onSignIn,
}: {
  problem: string | undefined
  onSignIn: (session: Session) => void
}) => {
  const [token, setToken] = useState('')
  const [refusal, setRefusal] = useState(problem)
  const [isAsking, setIsAsking] = useState(false)

  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    setIsAsking(true)
    await signIn(token).then(onSignIn, (error: Error) => setRefusal(error.message))
    setIsAsking(false)
  }

  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <h1>
          <img src="/favicon.svg" alt="" width="28" height="28" /> imageonce
        </h1>
        <p>
          Generate every image once. Sign in to see what is made, what it costs, and what it did
          not.
        </p>
        <label>
          Token
          <input
            type="password"
            name="token"
            autocomplete="current-password"
            required
            value={token}
            aria-describedby="token-help"
            aria-invalid={refusal !== undefined}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {refusal !== undefined && (
          <p role="alert" class="problem">
            {refusal}
          </p>
        )}
        <button type="submit" class="primary" disabled={isAsking}>
          Sign in
        </button>
        <p id="token-help" class="muted">
          <code>npm start</code> prints a link that signs in by itself. In production, use a token
          of your app’s, or an operator’s key.
        </p>
      </form>
    </main>
  )
}
