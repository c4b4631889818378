import { randomUUID } from 'node:crypto'
import type { Response } from 'express'
import { giveUpUnread } from '../../adapters/http/unread-answers.ts'

/** Bytes that stand in an answer in base64. To look through megabytes for what JSON would escape costs more than all the rest. */
export class Base64 {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** Sends JSON that may have pictures in it, as `Base64` or text; who does not read it is cut off. */
export const sendAnswer = (res: Response, body: object): void =>
  sendJsonParts(res, 'application/json; charset=utf-8', body)

/** The same between two texts, as an event of a stream has it. */
export const sendJsonParts = (
  res: Response,
  type: string,
  body: object,
  [before, after]: [string, string] = ['', ''],
): void => {
  const parts = [{ text: before }, ...toParts(body), { text: after }]
  const bytes = parts.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
  giveUpUnread(res, bytes)
  res.setHeader('Content-Type', type)
  res.setHeader('Content-Length', bytes)
  for (const { text, isPlain } of parts) if (text) res.write(text, isPlain ? 'latin1' : 'utf8')
  res.end()
}

export const toBase64 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64')

type Part = { text: string; isPlain?: boolean }

/** JSON, cut where a picture is to stand. No text of the answer can be the mark. */
const toParts = (body: object): Part[] => {
  const mark = randomUUID()
  const pictures: Uint8Array[] = []
  const text = JSON.stringify(body, (_key, value: unknown) => {
    if (!(value instanceof Base64)) return value
    pictures.push(value.bytes)
    return mark
  })
  return text.split(mark).flatMap((piece, at) => {
    const picture = pictures[at]
    return picture
      ? [{ text: piece }, { text: toBase64(picture), isPlain: true }]
      : [{ text: piece }]
  })
}
