import { createSeal } from '../../src/lib/seal.ts'

/** Seals callers' own keys where no application does. */
export const aSeal = createSeal(['a secret of the tests alone'], 'upstream keys')
