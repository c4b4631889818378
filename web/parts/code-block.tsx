import { CopyButton } from './copy-button.tsx'

/** Code to take away. */
export const CodeBlock = ({ code, label }: { code: string; label: string }) => (
  <figure class="code" aria-label={label}>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
    <pre tabIndex={0}>
      <code>{code}</code>
    </pre>
    <CopyButton text={code} label={`Copy ${label}`} />
  </figure>
)
