import type { Generated } from 'kysely'

/** Callers' own keys for the provider, of generations that have not ended: a trigger deletes each with its generation's end. */
export type UpstreamKeysTable = {
  generationId: string
  /** Opens with the service's secrets alone, and for this generation and provider. */
  sealed: string
  keptAt: Generated<Date>
}
