import { createHash, timingSafeEqual } from 'node:crypto'
import type { ServerResponse } from 'node:http'

/** Who may read the figures: nobody, callers with the token, or without one everybody. */
export type MetricsAccess = 'nobody' | { token: string | undefined }

/** All figures in Prometheus's text format. */
export type ReadMetrics = () => Promise<{ contentType: string; text: string }>

/** False unless `Authorization: Bearer <token>` was sent, where one is needed. */
export const mayReadMetrics = (
  authorization: string | undefined,
  token: string | undefined,
): boolean => {
  if (token === undefined) return true
  const sent = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? ''
  return timingSafeEqual(digest(sent), digest(token))
}

export const sendMetrics = async (read: ReadMetrics, res: ServerResponse): Promise<void> => {
  const { contentType, text } = await read()
  res.writeHead(200, { 'Content-Type': contentType, 'Cache-Control': 'no-store' }).end(text)
}

/** Of one length, whatever was sent. */
const digest = (text: string) => createHash('sha256').update(text).digest()
