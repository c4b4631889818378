/** A prompt that may be near enough, before anybody knows whether it has an image. */
export type Candidate = { fingerprint: string; similarity: number }

/** Keeps the `count` nearest of all that are added, in the memory of twice as many. */
export const createNearest = (count: number) => {
  let kept: Candidate[] = []
  const list = (): Candidate[] => {
    kept = kept.sort(byNearness).slice(0, count)
    return kept
  }
  const add = (candidate: Candidate): void => {
    kept.push(candidate)
    if (kept.length >= 2 * count) list()
  }
  return { add, list }
}

/** Of equally near ones always the same is the first. */
export const byNearness = (a: Candidate, b: Candidate): number =>
  b.similarity - a.similarity || (a.fingerprint < b.fingerprint ? -1 : 1)
