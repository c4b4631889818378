import { type Kysely, sql } from 'kysely'

/**
 * Vectors of prompts, what was found when a prompt was compared with the owner's others, how it was judged, and what
 * each owner wants to become of it (ADR 30, 31).
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const modes = `('off', 'suggest', 'shadow', 'reuse')`

const statements = [
  `alter table generations
    add column similarity_mode text check (similarity_mode in ${modes}),
    add column similarity float8,
    add column suggestions jsonb`,
  `create table prompt_embeddings (
    fingerprint text not null,
    model text not null,
    owner_id text not null references users (id) on delete cascade,
    scope text not null,
    prompt_digest text not null,
    code bytea not null,
    created_at timestamptz(3) not null default now(),
    primary key (fingerprint, model)
  )`,
  // What is compared is read whole: compressing it, or keeping it elsewhere, would only cost.
  'alter table prompt_embeddings alter column code set storage plain',
  'create index prompt_embeddings_scope on prompt_embeddings (owner_id, scope, model)',
  'create index prompt_embeddings_prompt on prompt_embeddings (owner_id, prompt_digest, model)',
  `create table similarity_checks (
    generation_id text primary key references generations (id) on delete cascade,
    owner_id text not null references users (id) on delete cascade,
    mode text not null check (mode in ${modes}),
    model text not null,
    is_match boolean not null,
    image_id text references image_metadata (id) on delete set null,
    similarity float8,
    duration_ms integer not null,
    embedding_cost_usd float8 not null,
    accepted boolean,
    judged_at timestamptz(3),
    created_at timestamptz(3) not null default now()
  )`,
  'create index similarity_checks_owner on similarity_checks (owner_id, created_at desc, generation_id desc)',
  'create index similarity_checks_created on similarity_checks (created_at desc, generation_id desc)',
  'create index similarity_checks_image on similarity_checks (image_id) where image_id is not null',
  `create table owner_similarity (
    owner_id text primary key references users (id) on delete cascade,
    mode text check (mode in ${modes}),
    judged_since timestamptz(3) not null default '-infinity',
    fell_back_at timestamptz(3)
  )`,
]
