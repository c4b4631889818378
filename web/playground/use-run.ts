import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { GenerationRequestInput, GenerationResult } from '../../src/client.ts'
import { isTerminal } from '../../src/contract/status.ts'
import { client } from '../client.ts'
import { addMoment, type Moment } from './moments.ts'

export type Run = {
  request: GenerationRequestInput
  isRunning: boolean
  /** On the clock of `performance`. */
  startedAtMs: number
  moments: Moment[]
  /** What is known of the generation so far, the first one of several; undefined until the server has answered. */
  state?: GenerationResult
  /** Of each picture that was asked for, in order; undefined where nothing is known yet. */
  states: (GenerationResult | undefined)[]
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
    const unknown = Array.from({ length: request.n ?? 1 }, () => undefined)
    setRun({ request, isRunning: true, startedAtMs, moments: [sent], states: unknown })

    const tell = (told: readonly GenerationResult[], isRunning: boolean) => {
      if (controller.signal.aborted) return
      const elapsedMs = performance.now() - startedAtMs
      setRun((before) => {
        const { moments, states } = told.reduce(takeIn, {
          moments: before?.moments ?? [sent],
          states: before?.states ?? unknown,
          elapsedMs,
        })
        const [state] = states
        return {
          request,
          isRunning,
          startedAtMs,
          moments,
          states,
          ...(state && { state }),
          ...(!isRunning && { elapsedMs }),
        }
      })
    }
    const onState = (state: GenerationResult) => tell([state], true)
    await client.generate(request, { signal: controller.signal, onState }).then(
      (result) => tell(result.generations ?? [result], false),
      () => {}, // The page was left, or the next run has begun.
    )
  }, [])

  return { run, start }
}

type Known = Pick<Run, 'moments' | 'states'> & { elapsedMs: number }

/** What is known, with a state of one of the pictures. Of several only their ends are moments: the rest is shown with each. */
const takeIn = (
  { moments, states, elapsedMs }: Known,
  state: GenerationResult,
  place: number,
): Known => {
  const index = state.number === undefined ? place : state.number - 1
  const isOne = states.length === 1 || state.id === undefined
  const isNews = states[index]?.status !== state.status && isTerminal(state.status)
  return {
    moments:
      isOne || isNews
        ? addMoment(moments, state, elapsedMs, isOne ? undefined : index + 1)
        : moments,
    states: states.with(index, state),
    elapsedMs,
  }
}
