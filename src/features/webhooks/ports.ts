/** What is posted to an endpoint. */
export type WebhookRequest = { url: string; headers: Record<string, string>; body: string }

export type WebhookAnswer = {
  statusCode: number
  /** How its body begins. */
  answer: string
  /** The header, as it came. */
  retryAfter: string | undefined
}

/** Posts once, within a bounded time, and follows no redirect. Rejects when there is no answer. */
export type SendWebhook = (request: WebhookRequest, signal: AbortSignal) => Promise<WebhookAnswer>
