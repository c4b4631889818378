import type { Response } from 'express'
import { giveUpUnread } from '../../adapters/http/unread-answers.ts'

/** Sends JSON that may have pictures in it; who does not read it is cut off. */
export const sendAnswer = (res: Response, body: object): void => {
  const text = JSON.stringify(body)
  giveUpUnread(res, text.length)
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.end(text)
}

export const toBase64 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64')
