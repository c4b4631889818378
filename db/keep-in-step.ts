import type { Kysely } from 'kysely'
import { alterPatiently } from './alter-patiently.ts'
import { fillPatiently } from './fill-patiently.ts'

/** Columns of dollars, without the `_usd` at their ends, of a table whose rows `key` tells apart. */
export type Money = { table: string; key: string; kinds: readonly string[] }

/**
 * Puts beside each column of dollars (`cost_usd`) one of integers of a billionth of a dollar (`cost_nano_usd`), with what it says of all
 * rows that are there. From then on whoever writes one of both writes the other: the release before knows the dollars alone, and this one
 * the integers. Rows that cost nothing are right from the start, the others are filled a thousand at a time. Outside a transaction; safe
 * to repeat.
 */
export const addNanoDollars = async (
  db: Kysely<unknown>,
  { table, key, kinds }: Money,
): Promise<void> => {
  for (const kind of kinds) {
    for (const statement of statementsFor(table, kind)) await alterPatiently(db, statement)
  }
  await fillPatiently(db, {
    table,
    key,
    set: kinds.map((kind) => `${kind}_nano_usd = to_nano_usd(${kind}_usd)`).join(', '),
    where: kinds.map((kind) => `(${kind}_usd <> 0 and ${kind}_nano_usd = 0)`).join(' or '),
  })
}

const statementsFor = (table: string, kind: string): string[] => {
  const [usd, nano] = [`${kind}_usd`, `${kind}_nano_usd`]
  const keep = `keep_${kind}_in_step`
  return [
    `alter table ${table} add column if not exists ${nano} bigint not null default 0, alter column ${usd} set default 0`,
    `create or replace function ${keep}() returns trigger language plpgsql as $$ begin
      if new.${nano} <> (case when tg_op = 'UPDATE' then old.${nano} else 0 end) then
        new.${usd} := new.${nano} / 1e9::float8;
      else
        new.${nano} := to_nano_usd(new.${usd});
      end if;
      return new;
    end $$`,
    `create or replace trigger ${table}_${keep}_new before insert on ${table} for each row
      when (new.${usd} <> 0 or new.${nano} <> 0) execute function ${keep}()`,
    `create or replace trigger ${table}_${keep} before update of ${usd}, ${nano} on ${table} for each row
      when (old.${usd} is distinct from new.${usd} or old.${nano} is distinct from new.${nano}) execute function ${keep}()`,
  ]
}
