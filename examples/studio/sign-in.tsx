import { useState } from 'preact/hooks'
import { type Session, signIn } from '../../web/session.ts'

export const SignIn = ({ onSignIn }: { onSignIn: (session: Session) => void }) => {
  const [refusal, setRefusal] = useState('')

  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token')
    signIn(String(token)).then(onSignIn, ({ message }: Error) => setRefusal(message))
  }

  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <h1>Studio</h1>
        <p class="muted">
          <code>npm start</code> prints a link that signs in by itself, and the token.
        </p>
        <label>
          Token
          <input name="token" type="password" autocomplete="current-password" required />
        </label>
        {refusal && (
          <p role="alert" class="problem">
            {refusal}
          </p>
        )}
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
    </main>
  )
}
