import type { Page } from 'playwright-core'

const CONTROLS = [
  'button',
  'checkbox',
  'combobox',
  'link',
  'radio',
  'searchbox',
  'slider',
  'spinbutton',
  'switch',
  'tab',
  'textbox',
]

/** What is amiss with the page as it stands: unnamed controls, pale text, and what sticks out of the screen's side. */
export const auditPage = async (page: Page): Promise<string[]> => [
  ...(await listUnnamedControls(page)),
  ...((await page.evaluate(LIST_PALE_TEXTS)) as string[]),
  ...((await page.evaluate(LIST_OVERFLOW)) as string[]),
]

/** Controls that have no name in the accessibility tree, which is what screen readers read. */
const listUnnamedControls = async (page: Page): Promise<string[]> => {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  await session.detach()
  return nodes
    .filter(({ ignored, role }) => !ignored && CONTROLS.includes(String(role?.value)))
    .filter(({ name }) => !String(name?.value ?? '').trim())
    .map(({ role }) => `a ${role?.value} without a name`)
}

/** Texts with a contrast below 4.5 (WCAG 2.2, 1.4.3 AA), but for disabled controls, which it leaves out. */
const LIST_PALE_TEXTS = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const parse = (colour) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((part) => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const backgroundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, alpha] = parse(getComputedStyle(at).backgroundColor)
      if (alpha === 255) return [r, g, b]
    }
    return [255, 255, 255]
  }
  const pale = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const text = texts.currentNode.data.trim()
    const element = texts.currentNode.parentElement
    if (!text || !element.checkVisibility() || element.closest(':disabled, script, option')) continue
    const lights = [parse(getComputedStyle(element).color).slice(0, 3), backgroundOf(element)]
      .map(luminance)
      .sort((a, b) => b - a)
    const contrast = (lights[0] + 0.05) / (lights[1] + 0.05)
    if (contrast < 4.5) pale.push('"' + text.slice(0, 40) + '" has a contrast of ' + contrast.toFixed(2))
  }
  return pale
})()`

const LIST_OVERFLOW = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement
  return scrollWidth > clientWidth ? ['it is ' + scrollWidth + ' px wide on ' + clientWidth] : []
})()`
