import sharp from 'sharp'

/** A png of one colour. */
export const makePng = (colour = '#336699', width = 8, height = width): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: colour } })
    .png()
    .toBuffer()

/** 30 megapixels in a few kilobytes. */
export const makeBomb = (): Promise<Buffer> => makePng('#000000', 6_000, 5_000)

export const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
