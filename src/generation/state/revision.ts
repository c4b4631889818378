import type { GenerationRow } from '../../../db/schema.ts'

/** Of the image that an owner wants for the very words, where it was answered with that of similar ones. */
export const OWN_REVISION = 'own'

type Revised = Pick<GenerationRow, 'revision'>

/** True of one that was wanted though there was an image, or might have been. */
export const isForced = ({ revision }: Revised): boolean =>
  revision !== null && revision !== OWN_REVISION
