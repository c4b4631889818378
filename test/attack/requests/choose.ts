/** What is chosen at random, and the same again for the same seed. */
export type Choose = ReturnType<typeof createChoose>

export const createChoose = (random: () => number) => {
  const below = (count: number): number => Math.floor(random() * count)
  const from = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)]
    if (item === undefined) throw new Error('there is nothing to choose from')
    return item
  }
  return {
    below,
    from,
    /** True so often. */
    happens: (share: number): boolean => random() < share,
  }
}
