import type { Webhook } from '../../src/contract/webhook.ts'

export type WebhookEvent = Webhook['events'][number]

/** The events that an endpoint can receive. */
export const webhookEvents: Record<WebhookEvent, { about: string; isForAdmins?: boolean }> = {
  'generation.succeeded': { about: 'An image is there.' },
  'generation.failed': { about: 'There will be none, and why.' },
  'generation.canceled': { about: 'It was called off, or its image deleted.' },
  'alert.firing': { about: 'Something is wrong with the service.', isForAdmins: true },
  'alert.resolved': { about: 'It is well again.', isForAdmins: true },
}

/** Those that a person may choose. */
export const listEvents = (isAdmin: boolean): WebhookEvent[] =>
  (Object.keys(webhookEvents) as WebhookEvent[]).filter(
    (event) => isAdmin || !webhookEvents[event].isForAdmins,
  )
