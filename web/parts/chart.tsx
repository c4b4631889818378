import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { type ChartProps, drawOptions, stack } from './chart-options.ts'

/** Numbers over days. Drawn anew when the colour scheme changes, and as wide as there is room. The table says the same in words. */
export const Chart = (props: ChartProps) => {
  const box = useRef<HTMLDivElement>(null)
  const { label, times, series, formatTime, formatValue } = props

  useEffect(() => {
    const place = box.current
    if (!place) return
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    let plot: UPlot | undefined
    const draw = () => {
      plot?.destroy()
      plot = new UPlot(drawOptions(props, place), [[...times], ...stack(props)], place)
    }
    draw()
    const resizing = new ResizeObserver(() => {
      plot?.setSize({ width: place.clientWidth, height: plot.height })
    })
    resizing.observe(place)
    scheme.addEventListener('change', draw)
    return () => {
      scheme.removeEventListener('change', draw)
      resizing.disconnect()
      plot?.destroy()
    }
  }, [times, series])

  return (
    <figure class="chart" aria-label={label}>
      <div ref={box} aria-hidden="true" />
      <details>
        <summary>Show as a table</summary>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Day</th>
              {series.map(({ name }) => (
                <th key={name} scope="col" class="is-number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {times.map((time, index) => (
              <tr key={time}>
                <td data-label="Day">{formatTime(time)}</td>
                {series.map(({ name, values }) => (
                  <td key={name} class="is-number" data-label={name}>
                    {formatValue(values[index] ?? null)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  )
}
