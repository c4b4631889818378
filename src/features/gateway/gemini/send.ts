import type { Response } from 'express'
import { sendAnswer, sendJsonParts } from '../send-answer.ts'

/** How an answer is sent: whole, or as a stream, of events or of the elements of a list. */
export type Form = 'whole' | 'events' | 'list'

/** A stream has one chunk: an image comes at once, or not at all. */
export const sendInForm = (res: Response, form: Form, answer: object): void => {
  if (form === 'events') sendJsonParts(res, 'text/event-stream', answer, ['data: ', '\r\n\r\n'])
  else sendAnswer(res, form === 'list' ? [answer] : answer)
}
