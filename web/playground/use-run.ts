import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { GenerationRequestInput, GenerationResult } from '../../src/client.ts'
import { client } from '../client.ts'
import { addMoment, type Moment } from './moments.ts'

export type Run = {
  request: GenerationRequestInput
  isRunning: boolean
  /** On the clock of `performance`. */
  startedAtMs: number
  moments: Moment[]
  /** What is known of the generation so far; undefined until the server has answered. */
  state?: GenerationResult
  elapsedMs?: number
}

/** Asks for images, one at a time, and follows each. Leaving the page ends the following, not the generation. */
export const useRun = () => {
  const [run, setRun] = useState<Run>()
  const leaving = useRef<AbortController>(undefined)
  useEffect(() => () => leaving.current?.abort(), [])

  const start = useCallback(async (request: GenerationRequestInput) => {
    leaving.current?.abort()
    const controller = new AbortController()
    leaving.current = controller
    const startedAtMs = performance.now()
    const sent: Moment = { kind: 'sent', title: 'Sent', afterMs: 0 }
    setRun({ request, isRunning: true, startedAtMs, moments: [sent] })

    const tell = (state: GenerationResult, isRunning: boolean) => {
      if (controller.signal.aborted) return
      const elapsedMs = performance.now() - startedAtMs
      setRun((before) => ({
        request,
        isRunning,
        startedAtMs,
        moments: addMoment(before?.moments ?? [sent], state, elapsedMs),
        state,
        ...(!isRunning && { elapsedMs }),
      }))
    }
    const onState = (state: GenerationResult) => tell(state, true)
    await client.generate(request, { signal: controller.signal, onState }).then(
      (result) => tell(result, false),
      () => {}, // The page was left, or the next run has begun.
    )
  }, [])

  return { run, start }
}
