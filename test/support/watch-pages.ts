import type { BrowserContext } from 'playwright-core'

/** Keeps what pages complain of, and which addresses they ask besides `url`. Both lists should stay empty. */
export const watchPages = (context: BrowserContext, url: string) => {
  const complaints: string[] = []
  const foreign: string[] = []
  context.on('weberror', (error) => complaints.push(error.error().message))
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  context.on('request', (request) => {
    const isOwn = [url, 'data:', 'blob:'].some((start) => request.url().startsWith(start))
    if (!isOwn) foreign.push(request.url())
  })
  return { complaints, foreign }
}
