/** Called in reverse: what was acquired last is released first. */
export type Releases = {
  push: (release: () => unknown) => void
  releaseAll: () => Promise<void>
}

/** Collects how to release what was acquired. One that fails does not keep the others from running. */
export const createReleases = (onError: (error: unknown) => void): Releases => {
  const releases: (() => unknown)[] = []
  const releaseAll = async () => {
    for (let release = releases.pop(); release; release = releases.pop()) {
      try {
        await release()
      } catch (error) {
        onError(error)
      }
    }
  }
  return { push: (release) => void releases.push(release), releaseAll }
}
