/** The samples of a scrape: `name{label="value",…}`, labels in alphabetical order, to its value. */
export const parseMetrics = (text: string): Map<string, number> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [, name, labels, value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
        const sorted = labels?.match(/\w+="[^"]*"/g)?.sort()
        return [sorted ? `${name}{${sorted.join(',')}}` : `${name}`, Number(value)]
      }),
  )

/** Reads `/metrics`, or throws what came instead. */
export const scrape = async (
  url: string,
  headers: Record<string, string> = {},
): Promise<Map<string, number>> => parseMetrics(await scrapeText(url, headers))

export const scrapeText = async (
  url: string,
  headers: Record<string, string> = {},
): Promise<string> => {
  const response = await fetch(`${url}/metrics`, { headers })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}: ${text}`)
  return text
}
