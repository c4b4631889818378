import { Readable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import { createCalendar } from '../../src/features/books/bill/days.ts'
import { type BillOptions, readBill } from '../../src/features/books/bill/read-bill.ts'
import { readSku } from '../../src/features/books/bill/sku.ts'
import { parseColumns, parseMapping } from '../../src/features/books/options.ts'

const readAll = async (text: string, options: BillOptions = {}) => {
  const entries = []
  for await (const entry of readBill(Readable.from([text]), options)) entries.push(entry)
  return entries
}

const rowsOf = async (text: string, options: BillOptions = {}) =>
  (await readAll(text, options)).flatMap((entry) => (entry.type === 'row' ? entry.row : []))

describe('a bill is read', () => {
  test('as BigQuery exports it, hour by hour in UTC', async () => {
    const bill = `usage_start_time,usage_end_time,service_description,sku_id,sku_description,project_id,usage_amount,usage_unit,cost,currency,currency_conversion_rate,credits,cost_type
2026-11-28 07:00:00 UTC,2026-11-28 08:00:00 UTC,Gemini API,096D-0370-0236,Generate_content image output token count for Gemini 3 Pro Image,p1,5600,count,0.672,USD,1,-0.1,regular
2026-11-28 08:00:00 UTC,2026-11-28 09:00:00 UTC,Gemini API,096D-0370-0236,Generate_content image output token count for Gemini 3 Pro Image,p1,1120,count,0.126,EUR,0.9375,,regular
2026-11-28 08:00:00 UTC,2026-11-28 09:00:00 UTC,Cloud Storage,X,Standard Storage,p1,1,gibibyte,0.02,USD,1,,regular
2026-11-28 08:00:00 UTC,2026-11-28 09:00:00 UTC,Gemini API,X,Tax,p1,,,0.08,USD,1,,tax
`
    const entries = await readAll(bill)
    expect(entries[0]).toEqual({
      type: 'form',
      form: {
        provider: 'gemini',
        zone: 'America/Los_Angeles',
        isByCall: false,
        toleranceNanoUsd: 1_000,
      },
    })
    const [first, second] = await rowsOf(bill)
    expect(first).toMatchObject({
      line: 2,
      when: { at: Date.UTC(2026, 10, 28, 7), until: Date.UTC(2026, 10, 28, 8) },
      nanoUsd: 672_000_000,
      quantity: 5_600,
      creditsNanoUsd: -100_000_000,
    })
    // What the bill has in euros is told in dollars.
    expect(second?.nanoUsd).toBeCloseTo(134_400_000, 3)
    expect(entries.slice(3)).toEqual([
      { type: 'aside', reason: 'other_service', nanoUsd: 20_000_000 },
      { type: 'aside', reason: 'not_usage', nanoUsd: 80_000_000 },
    ])
  })

  test('as the console has it, by day and with sums at its end', async () => {
    const bill = `Invoice number,123
Invoice total,127.40

Date,Service description,Service ID,SKU description,SKU ID,Usage amount,Usage unit,List cost ($),Unrounded subtotal ($),Subtotal ($)
2026-11-15,Gemini API,A,Generate_content image output token count for Gemini 3 Pro Image,B,"260,580",count,7.82,7.817400,7.82
,,,,,,,,7.8174,7.82
Total,,,,,,,,7.8174,7.82
`
    const entries = await readAll(bill)
    expect(entries.map(({ type }) => type)).toEqual(['form', 'row', 'aside', 'aside'])
    const [row] = await rowsOf(bill)
    expect(row).toMatchObject({
      line: 5,
      when: { first: '2026-11-15', last: '2026-11-15' },
      quantity: 260_580,
      nanoUsd: 7_817_400_000,
    })
  })

  test('as OpenAI exports it, in UTC and with a line for each empty day', async () => {
    const bill = `start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,line_item,project_id
1790467200,1790553600,2026-09-27T00:00:00+00:00,2026-09-28T00:00:00+00:00,,,,,,
1790553600,1790640000,2026-09-28T00:00:00,2026-09-29T00:00:00,0.003835980000000000000000000000,usd,128,tokens,"gpt-image-2, image output",proj_a
`
    const entries = await readAll(bill)
    expect(entries[0]).toMatchObject({ form: { provider: 'openai', zone: 'UTC' } })
    expect(entries[1]).toEqual({ type: 'aside', reason: 'total', nanoUsd: 0 })
    const [row] = await rowsOf(bill)
    expect(row?.nanoUsd).toBeCloseTo(3_835_980, 6)
    expect(row?.when).toEqual({ at: Date.UTC(2026, 8, 28), until: Date.UTC(2026, 8, 29) })
  })

  test('with columns of other names, where they are given', async () => {
    const bill = 'day,what,usd\n2026-11-28,Gemini 3 Pro Image Output,0.5\n'
    await expect(readAll(bill)).rejects.toThrow('no header with a time and a cost')
    const columns = parseColumns('time=day,sku=what,cost=usd')
    expect(await rowsOf(bill, { columns })).toMatchObject([{ nanoUsd: 500_000_000 }])
    await expect(readAll(bill, { columns: { ...columns, project: 'team' } })).rejects.toThrow(
      'The bill has no column "team" (project); it has "day", "what", "usd".',
    )
    expect(() => parseColumns('when=day')).toThrow('columns: "when=day" must be one of time, end')
  })

  test('and a row that is wrong is named by its line', async () => {
    const bill = `date,sku,cost,currency,usage_amount
2026-11-28,a,0.5,,1
28/11/2026,a,0.5,,1
2026-11-28,a,half a dollar,,1
2026-11-28,"a
b",0.5,EUR,1
,a,0.5,,1
2026-11-28,a,0.5,,many
2026-11-28,a,,,1
`
    const bad = (await readAll(bill)).filter(({ type }) => type === 'bad')
    expect(bad).toEqual([
      {
        type: 'bad',
        line: 3,
        message: '"28/11/2026" is no time: expected 2026-11-28 or 2026-11-28T08:00:00Z',
      },
      { type: 'bad', line: 4, message: '"half a dollar" is no amount of money' },
      {
        type: 'bad',
        line: 6,
        message: 'it is in EUR, without the column currency_conversion_rate',
      },
      { type: 'bad', line: 7, message: 'it has no time' },
      { type: 'bad', line: 8, message: '"many" is no amount' },
      { type: 'bad', line: 9, message: 'it has no cost (a)' },
    ])
  })

  test('no further than it is a CSV', async () => {
    await expect(readAll('date,cost\n2026-11-28,"0.5\n')).rejects.toThrow('no whole CSV')
    await expect(readAll('')).rejects.toThrow('no header')
  })
})

test.each([
  ['Generate_content image output token count for Gemini 3 Pro Image', 'imageOut', 'standard'],
  ['Generate content input token count gemini 3 pro image text', 'textIn', 'standard'],
  ['Generate_content text cached input token count for gemini 3 pro image', 'cachedIn', 'standard'],
  [
    'Generate content output token count gemini 3 pro image text non-thinking flex',
    'textOut',
    'flex',
  ],
  ['Gemini 3 Pro Image Thinking Text Output - Predictions', 'thinking', 'standard'],
  ['Gemini 3 Pro Image Image Input Batch', 'imageIn', 'batch'],
  [
    'Generate content output token count gemini 3 pro image short input text',
    'textOut',
    'standard',
  ],
])('%s is %s at %s', (description, kind, tier) => {
  const models = ['gemini-3-pro', 'gemini-3-pro-image', 'gemini-embedding-001']
  expect(readSku(description, {}, models)).toEqual({ model: 'gemini-3-pro-image', kind, tier })
})

test('a SKU of no model of ours has none', () => {
  const read = readSku('Grounding with Google Search on Gemini 3', {}, ['gemini-3-pro-image'])
  expect(read.model).toBeUndefined()
})

test('days are those of the zone, on those too that are longer or shorter', () => {
  const { dayOf, startOf } = createCalendar('America/Los_Angeles')
  expect(dayOf(Date.UTC(2026, 10, 28, 7, 59))).toBe('2026-11-27')
  expect(dayOf(Date.UTC(2026, 10, 28, 8, 0))).toBe('2026-11-28')
  expect(startOf('2026-11-28')).toBe(Date.UTC(2026, 10, 28, 8))
  expect(startOf('2026-11-02') - startOf('2026-11-01')).toBe(25 * 3_600_000)
  expect(startOf('2026-03-09') - startOf('2026-03-08')).toBe(23 * 3_600_000)
  expect(createCalendar('Asia/Kathmandu').startOf('2026-11-28')).toBe(
    Date.UTC(2026, 10, 27, 18, 15),
  )
})

test('a mapping that is wrong is named', () => {
  expect(() => parseMapping('{')).toThrow('The mapping is no JSON.')
  expect(() => parseMapping('{"skus":{"A-1":{"kind":"pictures"}}}')).toThrow('skus.A-1.kind')
})
