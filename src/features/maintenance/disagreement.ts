/**
 * True when more than half of what was looked at is amiss. A wrong DATABASE_URL, bucket or mount looks like that and
 * must change nothing; too few to tell are taken at their word.
 */
export const isDisagreement = (amiss: number, lookedAt: number, minimum: number): boolean =>
  lookedAt >= minimum && amiss > lookedAt / 2
