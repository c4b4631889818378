/* What models are told in words, as they have no field for it. */

/** For an image that is to be bettered. */
export const enhanceInstruction = (prompt: string): string =>
  `Improve the attached image and return the improved image.
Keep its content: the same subjects, faces, identities, poses, text, composition and framing. Add nothing, remove nothing and move nothing, unless the wish below asks for it.
Better its quality: sharper detail, cleaner edges, natural light and contrast, balanced colours, no noise and no compression artefacts.
The wish to follow while doing so: ${prompt}`

/** For what is not to be seen. */
export const negativeInstruction = (without: string): string =>
  `The image must not show: ${without}`
