/** The calls at the flex tier that a worker has out, each for minutes: beside the slots in which it runs what comes from the queue. */
export type FlexLane = {
  isFull: () => boolean
  countOut: () => number
  /** A place for one more; undefined where there is none. To be called once it is back. */
  enter: () => (() => void) | undefined
}

export const createFlexLane = (max: number): FlexLane => {
  let out = 0
  const isFull = (): boolean => out >= max
  const leave = (): void => {
    out -= 1
  }
  const enter = () => {
    if (isFull()) return undefined
    out += 1
    return leave
  }
  return { isFull, countOut: () => out, enter }
}
