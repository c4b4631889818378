/** Does the work for each item in order, `lanes` at a time. The first failure lets no further item begin. */
export const inLanes = async <T>(
  lanes: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const waiting = items.values()
  let isFailed = false
  const runLane = async () => {
    for (const item of waiting) {
      if (isFailed) return
      await work(item).catch((error) => {
        isFailed = true
        throw error
      })
    }
  }
  await Promise.all(Array.from({ length: lanes }, runLane))
}
