/** Released in reverse: what was acquired last goes first. */
export type Disposables = {
  push: (release: () => unknown) => void
  releaseAll: () => Promise<void>
}

/** Collects how to release what was acquired. One that fails does not keep the others from being released. */
export const createDisposables = (onError: (error: unknown) => void): Disposables => {
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
