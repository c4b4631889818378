import { createImageIdempotencyKey } from '../../contract/identity.ts'
import { type AskedRow, identityOfRow } from '../../generation/state/request-details.ts'

/**
 * What two generations must have in common for their prompts to be compared: everything that makes them ask for the same image, but
 * for the prompt. So none is compared with one that names other images, another seed, other turns, or more than it says. It is the
 * fingerprint of the same request without its prompt.
 */
export const createScope = (row: AskedRow): Promise<string> =>
  createImageIdempotencyKey({ ...identityOfRow(row), prompt: '' })

/** A longer one takes the gate too long, and an embedding does not hold it. */
export const MAX_COMPARED_CHARACTERS = 4_000

/** False for one whose prompt is not all that is asked, or too much to compare: it has its own image, or a new one. */
export const isComparable = ({ prompt, details }: Pick<AskedRow, 'details'> & { prompt: string }) =>
  prompt.length <= MAX_COMPARED_CHARACTERS && details?.providerRequest === undefined
