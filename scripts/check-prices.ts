import { listOldParts, MAX_PRICE_AGE_DAYS } from '../src/adapters/providers/price-age.ts'
import { builtInPrices } from '../src/adapters/providers/price-table.ts'

/* Whether the prices that are shipped were compared with their sources lately. Asks nobody, so that it works offline. */

const old = listOldParts(builtInPrices, new Date())
for (const { place, checkedOn, ageDays } of old) {
  console.error(
    `${place} of src/adapters/providers/prices.json are of ${checkedOn}, ${ageDays} days ago, and may be of ${MAX_PRICE_AGE_DAYS}: ` +
      'compare them with their source and write down the day (docs/prices.md).',
  )
}
if (old.length > 0) process.exitCode = 1
