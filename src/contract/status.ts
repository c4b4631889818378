/** Kept apart from the schemas, so that a browser can take it without them. */
export const GENERATION_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'canceled'] as const
export type GenerationStatus = (typeof GENERATION_STATUSES)[number]

export const isTerminal = (status: GenerationStatus): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'canceled'
