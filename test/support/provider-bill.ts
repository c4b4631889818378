/** The bill that a provider would write: what its stand-in has charged, at prices that are written down here and nowhere else. */

/** Billionths of a dollar for one token, as Google's page of 2026-11-27 has them. */
const PRICES = {
  'gemini-nano-banana-2.1': {
    words: 'Gemini Nano Banana 2.1',
    textIn: 1_500,
    imageIn: 1_500,
    cachedIn: 150,
    toolUse: 1_500,
    textOut: 7_500,
    thinking: 7_500,
    imageOut: 30_000,
  },
  'gemini-3-pro-image': {
    words: 'Gemini 3 Pro Image',
    textIn: 2_000,
    imageIn: 2_000,
    cachedIn: 200,
    toolUse: 2_000,
    textOut: 12_000,
    thinking: 12_000,
    imageOut: 120_000,
  },
  'gemini-3.1-flash-lite-image': {
    words: 'gemini 3.1 flash lite image',
    textIn: 250,
    imageIn: 250,
    cachedIn: 25,
    toolUse: 250,
    textOut: 1_500,
    thinking: 1_500,
    imageOut: 30_000,
  },
  'gemini-3-flash': { words: 'gemini 3 flash', textIn: 500, textOut: 3_000 },
  'gemini-embedding-001': { words: 'Gemini Embedding 001', textIn: 150 },
} as const

export type BilledModel = keyof typeof PRICES
export type BilledTokens = Partial<
  Record<
    'textIn' | 'imageIn' | 'cachedIn' | 'toolUse' | 'textOut' | 'thinking' | 'imageOut',
    number
  >
>

/** Google has no lines of their own for pictures in, tools and thoughts: these are text's. */
const LINES: Record<keyof BilledTokens, string> = {
  textIn: 'text input',
  imageIn: 'text input',
  toolUse: 'text input',
  cachedIn: 'text cached input',
  textOut: 'text output',
  thinking: 'text output',
  imageOut: 'image output',
}

type Charge = {
  at: number
  model: BilledModel
  tier: 'standard' | 'flex' | 'batch'
  responseId: string | undefined
  tokens: BilledTokens
}

export const createProviderBill = () => {
  const charges: Charge[] = []

  const charge = (
    model: string,
    tokens: BilledTokens,
    {
      responseId,
      tier = 'standard',
    }: { responseId?: string | undefined; tier?: Charge['tier'] } = {},
  ): void => {
    if (!(model in PRICES)) throw new Error(`no price of ${model}`)
    charges.push({ at: Date.now(), model: model as BilledModel, tier, responseId, tokens })
  }

  /** In billionths, so that a half of one is a half. */
  const nanoUsdOf = ({ model, tier, tokens }: Charge): number => {
    const prices: Record<string, number | string> = PRICES[model]
    const whole = Object.entries(tokens).reduce(
      (sum, [kind, count]) => sum + count * Number(prices[kind] ?? Number.NaN),
      0,
    )
    return tier === 'standard' ? whole : whole / 2
  }

  /** As BigQuery has it: by hour and SKU. */
  const byHour = (): string => {
    const rows = new Map<string, { tokens: number; nano: number }>()
    for (const one of charges) {
      const hour = Math.floor(one.at / 3_600_000) * 3_600_000
      for (const [kind, count] of Object.entries(one.tokens)) {
        if (count === 0) continue
        const line = LINES[kind as keyof BilledTokens]
        const tier = one.tier === 'standard' ? '' : ` ${one.tier}`
        const sku = `Generate_content ${line} token count for ${PRICES[one.model].words}${tier}`
        const key = JSON.stringify([hour, sku])
        const row = rows.get(key) ?? { tokens: 0, nano: 0 }
        row.tokens += count
        row.nano += nanoUsdOf({ ...one, tokens: { [kind]: count } })
        rows.set(key, row)
      }
    }
    const head =
      'usage_start_time,usage_end_time,service_description,sku_id,sku_description,project_id,usage_amount,usage_unit,cost,currency,cost_type\n'
    const lines = [...rows].map(([key, { tokens, nano }]) => {
      const [hour, sku] = JSON.parse(key) as [number, string]
      const time = (ms: number) =>
        new Date(ms).toISOString().replace('T', ' ').replace('.000Z', ' UTC')
      return `${time(hour)},${time(hour + 3_600_000)},Gemini API,,${sku},p,${tokens},count,${formatUsd(nano)},USD,regular\n`
    })
    return head + lines.join('')
  }

  /** A row for each call and kind of token. */
  const byCall = (): string => {
    const rows = charges.flatMap((one) =>
      Object.entries(one.tokens)
        .filter(([, count]) => count > 0)
        .map(([kind, count]) => {
          const nano = nanoUsdOf({ ...one, tokens: { [kind]: count } })
          return `${new Date(one.at).toISOString()},${one.responseId ?? ''},${one.model},${kind},${one.tier},${count},${formatUsd(nano)}\n`
        }),
    )
    return `time,response_id,model,kind,tier,tokens,cost\n${rows.join('')}`
  }

  return {
    charge,
    byHour,
    byCall,
    charges: charges as readonly Charge[],
    totalNanoUsd: () => charges.reduce((sum, one) => sum + nanoUsdOf(one), 0),
  }
}

/** Twelve decimals: a bill is finer than a billionth. */
const formatUsd = (nano: number): string => {
  const digits = BigInt(Math.round(nano * 1_000))
    .toString()
    .padStart(13, '0')
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`
}
