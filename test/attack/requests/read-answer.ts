import type { Told } from '../ask.ts'

/** An answer as it is held against the document. */
export const readAnswer = ({ status, headers, text }: Told) => {
  const type = String(headers['content-type'] ?? '')
  return {
    status,
    headers: new Headers({ 'content-type': type }),
    body: (/json/.test(type) ? JSON.parse(text) : text) as unknown,
  }
}
