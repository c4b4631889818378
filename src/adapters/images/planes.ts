import type { Pixels } from './pixels.ts'

/** Rows of a picture as brightness, two differences of colour (of JPEG's YCbCr) and opacity, from 0 to 255 or around 0. */
export type Planes = { width: number; rows: number } & Record<Plane, Float32Array>
export type Plane = 'luma' | 'blue' | 'red' | 'alpha'

/** Colours as they show before black, so that what can't be seen does not count. */
export const toPlanes = ({ width, rgba }: Pixels, from: number, to: number): Planes => {
  const rows = to - from
  const create = () => new Float32Array(rows * width)
  const planes = { luma: create(), blue: create(), red: create(), alpha: create() }
  for (let index = 0, at = from * width * 4; index < rows * width; index += 1, at += 4) {
    const alpha = rgba[at + 3] ?? 0
    const share = alpha / 255
    const red = (rgba[at] ?? 0) * share
    const green = (rgba[at + 1] ?? 0) * share
    const blue = (rgba[at + 2] ?? 0) * share
    const luma = 0.299 * red + 0.587 * green + 0.114 * blue
    planes.luma[index] = luma
    planes.blue[index] = 0.564 * (blue - luma)
    planes.red[index] = 0.713 * (red - luma)
    planes.alpha[index] = alpha
  }
  return { width, rows, ...planes }
}

export type Square = { left: number; top: number; side: number }

/** The squares of that side that cover some rows; those at the right and at the bottom may be cut off. */
export const squaresOf = ({ width, rows }: Planes, side: number): Square[] => {
  const squares: Square[] = []
  for (let top = 0; top < rows; top += side) {
    for (let left = 0; left < width; left += side) squares.push({ left, top, side })
  }
  return squares
}

/** How a plane of two pictures differs within a square, in levels. */
export type Difference = {
  /** Of the means. */
  mean: number
  /** Root mean square over the pixels. */
  noise: number
  /** The standard deviation within the calmer of both. */
  contrast: number
}

export const comparePlane = (a: Planes, b: Planes, plane: Plane, square: Square): Difference => {
  const [as, bs] = [a[plane], b[plane]]
  const right = Math.min(a.width, square.left + square.side)
  const bottom = Math.min(a.rows, square.top + square.side)
  let [sumA, sumB, squaresA, squaresB, squares] = [0, 0, 0, 0, 0]
  for (let y = square.top; y < bottom; y += 1) {
    for (let at = y * a.width + square.left; at < y * a.width + right; at += 1) {
      const [valueA, valueB] = [as[at] ?? 0, bs[at] ?? 0]
      sumA += valueA
      sumB += valueB
      squaresA += valueA * valueA
      squaresB += valueB * valueB
      squares += (valueA - valueB) ** 2
    }
  }
  const count = (right - square.left) * (bottom - square.top)
  const variance = (sum: number, ofSquares: number) => ofSquares / count - (sum / count) ** 2
  const contrast = Math.min(variance(sumA, squaresA), variance(sumB, squaresB))
  return {
    mean: Math.abs(sumA - sumB) / count,
    noise: Math.sqrt(squares / count),
    contrast: Math.sqrt(Math.max(0, contrast)),
  }
}
