'use client'

import { GeneratedImage } from 'imageonce/react'
import { useActionState } from 'react'
import { draw } from './actions'

/** A form whose picture a server action asks for, and the page follows. */
export const Drawing = () => {
  const [drawn, submit, isSending] = useActionState(draw, null)
  return (
    <form action={submit}>
      <input name="prompt" aria-label="What to show" required />
      <button type="submit" disabled={isSending}>
        Draw
      </button>
      {drawn && (
        <GeneratedImage {...drawn} alt={drawn.request.prompt} width={640}>
          {({ error }) => error && <p role="alert">{error.message}</p>}
        </GeneratedImage>
      )}
    </form>
  )
}
