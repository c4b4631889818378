import type { HttpContext } from '../../adapters/http/http-context.ts'
import { findImageId } from '../../adapters/http/image-urls.ts'
import { describeReuse } from '../../generation/read/present.ts'
import type { ItemDeps } from './ask.ts'

/** What saved items work with, out of what the routes have. */
export const createItemDeps = ({
  db,
  submit,
  signer,
  removeJob,
  onReuse,
  listPriceUsd,
}: HttpContext): ItemDeps => ({
  db,
  submit,
  removeJob,
  enqueue: submit.enqueue,
  findImageId: (url) => findImageId(signer, url),
  onReuse: (generation, kind) => onReuse(generation, describeReuse(generation, kind, listPriceUsd)),
})
