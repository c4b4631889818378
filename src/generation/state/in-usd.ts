import { type RawBuilder, sql } from 'kysely'

/** SQL for an amount in dollars, exactly, as events and snapshots have it: releases before read it there. */
export const inUsd = (nanoUsd: RawBuilder<unknown>) => sql`trim_scale(${nanoUsd} * 0.000000001)`
