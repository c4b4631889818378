import type { PriceTable } from './price-table.ts'

/** What was last looked at longer ago may be no longer so: CI refuses it, and operators are told. */
export const MAX_PRICE_AGE_DAYS = 60

const DAY_MS = 86_400_000

/** A part of the table that was last compared with its source too long ago. */
export type OldPart = { place: string; checkedOn: string; ageDays: number }

/** The parts that are older than `MAX_PRICE_AGE_DAYS`, the oldest first. A day that is yet to come is as wrong as one that is long gone. */
export const listOldParts = (table: PriceTable, now: Date): OldPart[] =>
  listParts(table)
    .map((part) => ({ ...part, ageDays: toAgeDays(part.checkedOn, now) }))
    .filter(({ ageDays }) => !(ageDays >= -1 && ageDays <= MAX_PRICE_AGE_DAYS))
    .sort((a, b) => b.ageDays - a.ageDays)

/** The day on which the part was last looked at that nobody has looked at for longest; undefined of an empty table. */
export const findOldestDay = (table: PriceTable): string | undefined =>
  listParts(table)
    .map(({ checkedOn }) => checkedOn)
    .sort()[0]

const toAgeDays = (day: string, now: Date): number =>
  Math.floor((now.getTime() - Date.parse(day)) / DAY_MS)

const listParts = ({ models, embeddings, texts }: PriceTable) => [
  ...models.flatMap(({ name, prices, tiers = {}, abilities }) => [
    { place: `${name}: prices`, checkedOn: prices.checkedOn },
    ...Object.entries(tiers).flatMap(([tier, said]) =>
      said ? [{ place: `${name}: tier ${tier}`, checkedOn: said.checkedOn }] : [],
    ),
    ...(abilities ? [{ place: `${name}: abilities`, checkedOn: abilities.checkedOn }] : []),
  ]),
  ...[...embeddings, ...texts].map(({ name, prices: { checkedOn } }) => ({
    place: `${name}: prices`,
    checkedOn,
  })),
]
