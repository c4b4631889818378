import { useRef, useState } from 'preact/hooks'
import { client } from '../client.ts'
import { useToast } from '../parts/toast.tsx'

/** What was said of a match, sent as soon as it is said; undefined while nothing was. A refused one is taken back. */
export const useVerdict = (
  generationId: string,
  known: boolean | undefined,
  onJudged: (accepted: boolean) => void = () => {},
) => {
  const [said, setSaid] = useState<boolean>()
  // One after the other: what is said last must be what holds.
  const sending = useRef(Promise.resolve())
  const showToast = useToast()
  const judge = (accepted: boolean): void => {
    const before = said
    setSaid(accepted)
    const send = () => client.sendFeedback(generationId, { accepted })
    sending.current = sending.current.then(send).then(
      () => onJudged(accepted),
      (error: Error) => {
        setSaid(before)
        showToast(error.message, 'bad')
      },
    )
  }
  return { accepted: said ?? known, judge }
}
