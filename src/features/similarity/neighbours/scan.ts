import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../../../../db/database.ts'
import { compileOnce } from '../../../../db/statements.ts'
import { createCompareCode } from '../embedding-code.ts'
import type { NeighbourQuery } from '../ports.ts'
import { type Candidate, createNearest } from './nearest.ts'

/**
 * As many codes as these hold are read and compared at once. Texts of more than 128 kB have memory of their own made for them,
 * by which a scan takes a third longer.
 */
const PAGE_BYTES = 96_000

/**
 * The `count` nearest prompts, nearest first, by comparing every one of the scope. Postgres reads the next codes while
 * these are compared; memory is bounded by a page and `count`.
 */
export const scanCandidates = async (
  db: Database,
  query: NeighbourQuery,
  count: number,
): Promise<Candidate[]> => {
  const compare = createCompareCode(query.code)
  const nearest = createNearest(count)
  const codes = Buffer.allocUnsafe(PAGE_BYTES)
  const comparePage = async ({ fingerprints, text }: Page) => {
    // Until the next page is asked for.
    await new Promise((resolve) => setImmediate(resolve))
    codes.write(text, 'latin1')
    for (const [index, fingerprint] of fingerprints.entries()) {
      const similarity = compare(codes, index * query.code.length)
      if (similarity >= query.minSimilarity) nearest.add({ fingerprint, similarity })
    }
  }
  let page: Page | undefined = await findPage(db, query, '')
  while (page) {
    const next: Promise<Page> | undefined =
      page.last === undefined ? undefined : findPage(db, query, page.last)
    ;[page] = await Promise.all([next, comparePage(page)])
  }
  return nearest.list()
}

/** `text` is the codes one after the other; `last` is set when there may be more after it. */
type Page = { fingerprints: string[]; text: string; last: string | undefined }

const findPage = async (db: Database, query: NeighbourQuery, after: string): Promise<Page> => {
  const { ownerId, scope, model, fingerprint, code } = query
  const size = Math.floor(PAGE_BYTES / code.length)
  const [row] = await selectPage(db, ownerId, scope, model, fingerprint, code.length, after, size)
  const fingerprints = row?.fingerprints?.split(',') ?? []
  const last = fingerprints.length === size ? fingerprints.at(-1) : undefined
  return { fingerprints, text: row?.codes ?? '', last }
}

type PageRow = { fingerprints: string | null; codes: string | null }
type Text = RawBuilder<string>

/** One row of everything: a row each would take longer to read than to compare. */
const selectPage = compileOnce(
  7,
  (
    db,
    ownerId: Text,
    scope: Text,
    model: Text,
    own: Text,
    codeLength: RawBuilder<number>,
    after: Text,
    size: RawBuilder<number>,
  ) =>
    sql<PageRow>`
      select string_agg(fingerprint, ',') as fingerprints, convert_from(string_agg(code, ''), 'UTF8') as codes
      from (
        select fingerprint, code from prompt_embeddings
        where owner_id = ${ownerId} and scope = ${scope} and model = ${model} and fingerprint > ${after}
          and fingerprint <> ${own} and octet_length(code) = ${codeLength}
        order by fingerprint limit ${size}
      ) as page`.compile(db),
)
