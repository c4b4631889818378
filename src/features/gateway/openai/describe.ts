import type { GenerationRequestInput } from '../../../contract/generation-request.ts'
import type { Edit } from './edits.ts'
import type { ImagesFields } from './fields.ts'
import { findModel } from './models.ts'
import type { Offer } from './offer.ts'
import { chooseShape } from './shape.ts'

/**
 * Our request for what an app asked OpenAI for, one for each picture: a repeat of the first three is free when five are asked for.
 * A name that is no model here means the default of `theirs`, what of the server's offer is the caller's; one that is a model, but not
 * the caller's, is asked for all the same, and refused.
 */
export const describePictures = (
  server: Offer,
  theirs: Offer,
  fields: ImagesFields,
  edit: Edit | undefined,
): (GenerationRequestInput & { number: number })[] => {
  const named = findModel(server.models, fields.model)
  const name = named?.name ?? theirs.defaultModel
  const model = findModel(theirs.models, name) ?? named
  const { aspectRatio, imageSize } = model ? chooseShape(model, fields.size, fields.quality) : {}
  const request = {
    prompt: edit?.overlay ? `${fields.prompt}\n\n${EXPLAIN[edit.overlay.kind]}` : fields.prompt,
    ...((named || name !== server.defaultModel) && { model: name }),
    ...(aspectRatio && { aspectRatio }),
    ...(imageSize && { imageSize }),
    ...(edit && { conditionImages: listImages(edit) }),
  }
  return Array.from({ length: fields.n ?? 1 }, (_, at) => ({ ...request, number: at + 1 }))
}

const listImages = ({ images, overlay }: Edit): string[] =>
  overlay ? [...images, overlay.image] : images

/** Models here have no field for these: they are told in words what the last picture is. */
const EXPLAIN = {
  mask: 'The last picture is a mask of the first one. Change the first picture only where the mask is white, and keep everything exactly as it is where the mask is black. Do not show the mask.',
  markup:
    'The last picture lies over the first one, and its marks show what is meant. Follow them, and do not draw the marks themselves.',
}
