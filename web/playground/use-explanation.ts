import { useEffect, useRef, useState } from 'preact/hooks'
import type { Explanation, GenerationRequestInput } from '../../src/client.ts'
import { client } from '../client.ts'

/** `isOf`: it is of what the form says now. */
export type Explained = { explanation: Explanation; isOf: boolean } | undefined

/** Typing is waited for. */
const PAUSE_MS = 400

/**
 * What the request would do and cost, asked for once its form has been left alone for a moment, and anew when a run has ended. The last
 * one stays until there is another; undefined where nobody can tell.
 */
export const useExplanation = (
  request: GenerationRequestInput | undefined,
  isRunning: boolean,
): Explained => {
  const text = request && JSON.stringify(request)
  const [known, setKnown] = useState<{ text: string; explanation: Explanation }>()
  const isFirst = useRef(true)

  useEffect(() => {
    // What a run has changed is told at once.
    if (isRunning) isFirst.current = true
    if (!text || isRunning) return
    const controller = new AbortController()
    const ask = async (): Promise<void> => {
      isFirst.current = false
      const { signal } = controller
      const explanation = await client.explain(JSON.parse(text), { signal }).catch(() => undefined)
      if (!signal.aborted) setKnown(explanation && { text, explanation })
    }
    const timer = setTimeout(ask, isFirst.current ? 0 : PAUSE_MS)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [text, isRunning])

  return text && known
    ? { explanation: known.explanation, isOf: known.text === text && !isRunning }
    : undefined
}
