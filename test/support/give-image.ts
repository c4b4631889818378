import type { Page } from 'playwright-core'

/** Hands the page a png, as a person would. */
export const giveImage = async (page: Page, how: 'paste' | 'drop', png: Buffer): Promise<void> => {
  await page.getByText(/^Drop, paste or choose an(other)? image$/).waitFor()
  await page.evaluate(`(() => {
    const bytes = Uint8Array.from(atob('${png.toString('base64')}'), (char) => char.charCodeAt(0))
    const data = new DataTransfer()
    data.items.add(new File([bytes], 'condition.png', { type: 'image/png' }))
    const options = { bubbles: true, cancelable: true }
    if ('${how}' === 'paste') {
      document.body.dispatchEvent(new ClipboardEvent('paste', { ...options, clipboardData: data }))
    } else {
      document.querySelector('.drop-zone').dispatchEvent(new DragEvent('drop', { ...options, dataTransfer: data }))
    }
  })()`)
}
