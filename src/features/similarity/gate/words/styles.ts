/** What the picture is made as. */
export const MEDIA: ReadonlySet<string> = new Set(
  'photo painting watercolor sketch drawing illustration render 3d-render pixel-art vector-art poster cartoon comic anime manga engraving etching lithograph woodcut linocut collage mosaic fresco mural sculpture clipart still art icon'.split(
    ' ',
  ),
)

/** Words that describe the picture itself, alone or in front of a medium. */
export const LOOKS: ReadonlySet<string> = new Set(
  'black+white monochrome sepia realistic photorealistic cinematic vintage retro vector flat lowpoly'.split(
    ' ',
  ),
)

/** How the picture is framed. */
export const COMPOSITIONS: ReadonlySet<string> = new Set(
  'close-up top-view aerial-view side-view front-view rear-view wide-angle full-body headshot low-angle portrait landscape panorama centered'.split(
    ' ',
  ),
)
