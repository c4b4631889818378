import { useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { useToast } from './toast.tsx'

const SHOWN_MS = 2_000

/** Puts a text into the clipboard, and says so. `label` tells what it is, where `name` is short. */
export const CopyButton = ({
  text,
  name = 'Copy',
  label,
}: {
  text: string
  name?: string
  label?: string
}) => {
  const [isCopied, setIsCopied] = useState(false)
  const showToast = useToast()
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
    } catch {
      // Browsers offer the clipboard on https and localhost only.
      showToast('The browser allows no copying here: select the text.', 'warn')
      return
    }
    setIsCopied(true)
    setTimeout(() => setIsCopied(false), SHOWN_MS)
  }
  return (
    <>
      <Button isSmall icon={isCopied ? 'check' : 'copy'} onClick={copy} {...(label && { label })}>
        {isCopied ? 'Copied' : name}
      </Button>
      <span class="visually-hidden" role="status">
        {isCopied ? 'Copied' : ''}
      </span>
    </>
  )
}
