import { useEffect, useState } from 'preact/hooks'
import type { Generation } from '../../src/client.ts'
import { isTerminal } from '../../src/contract/status.ts'
import { client } from '../client.ts'

/** A generation, followed up to its end; `follow` goes on after it was asked for again. */
export const useGeneration = (id: string) => {
  const [generation, setGeneration] = useState<Generation>()
  const [error, setError] = useState<Error>()
  const [asked, setAsked] = useState(0)

  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    setError(undefined)
    client.get(id, { signal }).then(
      (found) => {
        setGeneration(found)
        if (!isTerminal(found.status)) {
          client.subscribe(id, setGeneration, {
            signal,
            onError: (cause) => setError(cause as Error),
          })
        }
      },
      (cause: Error) => signal.aborted || setError(cause),
    )
    return () => controller.abort()
  }, [id, asked])

  const follow = () => setAsked((times) => times + 1)
  return { generation: generation?.id === id ? generation : undefined, error, follow }
}
