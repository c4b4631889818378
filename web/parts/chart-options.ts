import UPlot, { type AlignedData, type Axis, type Options, type Series } from 'uplot'

export type ChartSeries = {
  name: string
  /** A custom property of the style sheet, as in `--chart-1`. */
  colour: string
  values: readonly (number | null)[]
}

export type ChartProps = {
  label: string
  kind: 'bars' | 'lines'
  /** Seconds since 1970. */
  times: readonly number[]
  /** Bars stand on each other. */
  series: readonly ChartSeries[]
  formatTime: (seconds: number) => string
  formatValue: (value: number | null) => string
  heightPx?: number
  /** Its values are counts. */
  isWhole?: boolean
}

const DEFAULT_HEIGHT_PX = 220
const BAR_SHARE = 0.62
const BAR_MAX_PX = 44

/** The first series highest, since the ones drawn later stand before it. */
export const stack = ({ kind, series }: ChartProps): AlignedData[1][] => {
  if (kind === 'lines') return series.map(({ values }) => [...values])
  return series.map(({ values }, from) =>
    values.map((_, at) =>
      series.slice(from).reduce((sum, { values: others }) => sum + (others[at] ?? 0), 0),
    ),
  )
}

/** How uPlot draws it, in the colours that are in force at `place`. */
export const drawOptions = (props: ChartProps, place: HTMLElement): Options => {
  const style = getComputedStyle(place)
  const colour = (name: string) => style.getPropertyValue(name)
  const axis: Axis = {
    stroke: colour('--muted'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: place.clientWidth,
    height: props.heightPx ?? DEFAULT_HEIGHT_PX,
    padding: [8, 24, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { show: props.kind === 'lines' } },
    legend: { markers: { width: 0, fill: (_, index) => colour(colourOf(props, index - 1)) } },
    scales: { x: { time: false, range: rangeOfTimes }, y: { range: rangeOfValues } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_, splits) => splits.map(props.formatTime),
        splits: splitTimes(props.times),
        space: 64,
        size: 28,
      },
      {
        ...axis,
        values: (_, splits) => splits.map(props.formatValue),
        size: 64,
        ...(props.isWhole && { incrs: WHOLE_STEPS }),
      },
    ],
    series: [
      { value: (_, time) => (time === null ? '' : props.formatTime(time)), label: 'Day' },
      ...props.series.map((_, index) => drawSeries(props, index, colour)),
    ],
  }
}

const colourOf = ({ series }: ChartProps, index: number): string => series[index]?.colour ?? ''

const drawSeries = (
  { kind, series, formatValue }: ChartProps,
  index: number,
  colour: (name: string) => string,
): Series => {
  const { name, colour: property, values } = series[index] ?? { name: '', colour: '', values: [] }
  const paint = colour(property)
  const common: Series = {
    label: name,
    stroke: paint,
    // What is drawn is stacked; the number shown is the series' own.
    value: (_, __, ___, at) => (at === null ? '' : formatValue(values[at] ?? null)),
  }
  if (kind === 'lines')
    return { ...common, width: 2, spanGaps: true, points: { size: 6, fill: paint } }
  const paths = UPlot.paths.bars?.({ size: [BAR_SHARE, BAR_MAX_PX], radius: 0.12 })
  return { ...common, width: 0, fill: paint, points: { show: false }, ...(paths && { paths }) }
}

const WHOLE_STEPS = Array.from({ length: 10 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
).flat()

const DAY_SECONDS = 86_400

/** Half a day more on both sides, so that whole bars are seen. */
const rangeOfTimes = (_: UPlot, min: number, max: number): UPlot.Range.MinMax => [
  (min ?? 0) - DAY_SECONDS / 2,
  (max ?? 0) + DAY_SECONDS / 2,
]

/** From 0 up, with room above; something to stand on where all is 0. */
const rangeOfValues = (_: UPlot, __: number, max: number): UPlot.Range.MinMax => [
  0,
  max > 0 ? max * 1.1 : 1,
]

const MAX_TICKS = 8

/** Days to name under the chart: all of a week, each n-th of more. */
const splitTimes =
  (times: readonly number[]) =>
  (plot: UPlot): number[] => {
    const room = Math.max(2, Math.min(MAX_TICKS, Math.floor(plot.width / 80)))
    const every = Math.max(1, Math.ceil(times.length / room))
    return times.filter((_, index) => (times.length - 1 - index) % every === 0)
  }
