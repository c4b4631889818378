/** A grey picture in the shape that was asked for, for when no server can give one. */
export const drawPlaceholder = (aspectRatio = '1:1'): string => {
  const [width, height] = aspectRatio.split(':').map(Number)
  const size = width && height ? `width="${width * 64}" height="${height * 64}"` : ''
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size}><rect width="100%" height="100%" fill="#e5e7eb"/><circle cx="50%" cy="50%" r="9%" fill="#9ca3af"/></svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}
