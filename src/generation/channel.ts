/** The NOTIFY channel; its payload is the id of a generation that changed, or the word below, and nothing else. */
export const GENERATION_CHANNEL = 'imageonce_generation'

/** Says that webhooks are to be delivered. */
export const WEBHOOKS_DUE = 'webhooks_due'
