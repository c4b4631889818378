/** A vector as it is kept: a signed byte a dimension. Its length is lost, as a cosine does not need it. */
export const encodeVector = (vector: Float32Array): Buffer => {
  const largest = vector.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  const code = Int8Array.from(vector, (value) => Math.round((value / (largest || 1)) * MAX_INT8))
  return Buffer.from(code.buffer)
}

const MAX_INT8 = 127
