/* What nudges (`db/nudges.ts`) tell of besides generations that changed, which they name by their ids. */

/** Says that webhooks are to be delivered. */
export const WEBHOOKS_DUE = 'webhooks_due'

/** Says that some of them are of alerts. */
export const ALERTS_DUE = 'alerts_due'

/** Says that a key has changed. */
export const keyName = (keyId: string): string => `key:${keyId}`

/** Says that a session is over, or all of an owner's. */
export const sessionName = (subject: string): string => `ended:${subject}`
