/** The NOTIFY channel; its payload is the id of a generation that changed, and nothing else. */
export const GENERATION_CHANNEL = 'imageonce_generation'
