import { useState } from 'preact/hooks'
import { Button } from './parts/button.tsx'
import { TextField } from './parts/field.tsx'
import { Notice } from './parts/notice.tsx'
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
          <img src="/favicon.svg" alt="" width="30" height="30" /> imageonce
        </h1>
        <p>
          Generate every image once. Sign in to see what is made, what it costs, and what it did
          not.
        </p>
        <TextField
          label="Token"
          type="password"
          name="token"
          autocomplete="current-password"
          required
          value={token}
          onChange={setToken}
          hint={
            <>
              <code>npm start</code> prints a link that signs in by itself. In production, use a
              token of your app’s, or an operator’s key.
            </>
          }
        />
        {refusal !== undefined && <Notice tone="bad">{refusal}</Notice>}
        <Button type="submit" kind="primary" isBusy={isAsking}>
          Sign in
        </Button>
      </form>
    </main>
  )
}
