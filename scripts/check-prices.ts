import { listOldParts, MAX_PRICE_AGE_DAYS } from '../src/adapters/providers/price-age.ts'
import { builtInPrices } from '../src/adapters/providers/price-table.ts'

/* Whether the prices that are shipped were compared with their sources lately. Asks nobody, so that it works offline. */

const old = listOldParts(builtInPrices, new Date())
for (const { place, checkedOn, ageDays } of old) {
  console.error(
    `${place} in src/adapters/providers/prices.json: last compared with its source on ${checkedOn}, ${ageDays} days ago; ${MAX_PRICE_AGE_DAYS} are allowed. ` +
      'Compare it, and write down the day (docs/prices.md).',
  )
}
if (old.length > 0) process.exitCode = 1
