import { withDeadline } from '../../../lib/deadline.ts'
import { openVetted, type Vetting } from '../../../lib/vetted/vetted-request.ts'
import type { SendWebhook } from '../ports.ts'
import { readAnswer } from './answer.ts'

export type WebhookSenderOptions = Vetting & {
  /** For everything from the name to the answer's status. */
  timeoutMs: number
}

/**
 * Posts webhooks to the public internet and nowhere else. Rejects when there is no answer, and with `signal`'s reason once
 * that aborts.
 */
export const createWebhookSender =
  ({ timeoutMs, ...vetting }: WebhookSenderOptions): SendWebhook =>
  async ({ url, headers, body }, signal) => {
    const response = await withDeadline(timeoutMs, signal, (deadline) =>
      openVetted(vetting, { method: 'POST', url, headers, body }, deadline),
    )
    return readAnswer(response)
  }
