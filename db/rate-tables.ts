/** What was done in the minute that ends then, summed over all processes. */
export type RateCountsTable = {
  /** The class and whose it is. */
  key: string
  used: number
  endsAt: Date
}
