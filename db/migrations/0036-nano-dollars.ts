import type { Kysely } from 'kysely'
import { alterPatiently } from '../alter-patiently.ts'
import { addNanoDollars } from '../keep-in-step.ts'

/**
 * What calls and generations cost in integers of a billionth of a dollar, of which alone sums of spending are made (ADR 76). The release
 * before goes on with the dollars, and triggers keep both in step. No table is rewritten and nobody held up; rows that cost something take
 * some minutes for a million.
 */
export const isOnline = true

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await addNanoDollars(db, { table: 'generations', key: 'id', kinds: ['cost'] })
  for (const table of calls) await addNanoDollars(db, { table, key: 'id', kinds: ['held', 'cost'] })
  // From here on all rows have both, so it is the same which of them the sums are made of.
  for (const statement of countIntegers) await alterPatiently(db, statement)
}

const calls = ['attempts', 'gateway_calls', 'embedding_calls']

const countIntegers = [
  `create or replace function count_attempt() returns trigger language plpgsql as $$ begin
    perform add_spending(
      (select owner_id from generations where id = new.generation_id), new.key_id, new.started_at,
      new.cost_nano_usd - case when tg_op = 'UPDATE' then old.cost_nano_usd else 0 end);
    return null;
  end $$`,
  `create or replace function count_embedding_call() returns trigger language plpgsql as $$ begin
    perform add_spending(new.owner_id, new.key_id, new.started_at,
      new.cost_nano_usd - case when tg_op = 'UPDATE' then old.cost_nano_usd else 0 end);
    return null;
  end $$`,
  ...calls.map((table) => {
    const count = table === 'attempts' ? 'count_attempt' : 'count_embedding_call'
    return `create or replace trigger ${table}_spending_settled after update of cost_usd, cost_nano_usd on ${table}
      for each row when (old.cost_nano_usd is distinct from new.cost_nano_usd) execute function ${count}()`
  }),
]
