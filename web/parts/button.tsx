import type { ComponentChildren, TargetedMouseEvent } from 'preact'
import { Icon, type IconName } from './icon.tsx'

type Look = {
  kind?: 'primary' | 'danger' | 'quiet' | undefined
  isSmall?: boolean
  icon?: IconName | undefined
  children: ComponentChildren
}

type ButtonProps = Look & {
  type?: 'button' | 'submit'
  onClick?: ((event: TargetedMouseEvent<HTMLButtonElement>) => void) | undefined
  disabled?: boolean
  /** Shows that it is at work, and takes no second click meanwhile. */
  isBusy?: boolean
  /** Of a button that stands for a choice: whether it is chosen. */
  isPressed?: boolean
  /** The name for who does not see the button, where its text says too little. */
  label?: string
}

export const Button = ({
  type,
  onClick,
  disabled,
  isBusy,
  isPressed,
  label,
  ...look
}: ButtonProps) => (
  <button
    type={type ?? 'button'}
    class={classOf(look)}
    disabled={disabled || isBusy}
    aria-label={label}
    aria-busy={isBusy}
    aria-pressed={isPressed}
    onClick={onClick}
  >
    {isBusy ? <Icon name="spinner" /> : look.icon && <Icon name={look.icon} />}
    {look.children}
  </button>
)

/** A link that looks like a button; `isElsewhere` opens it in a tab of its own, `download` names the file that it is kept as. */
export const ButtonLink = ({
  href,
  isElsewhere,
  download,
  ...look
}: Look & { href: string; isElsewhere?: boolean; download?: string }) => (
  <a
    class={classOf(look)}
    href={href}
    download={download}
    {...(isElsewhere && { target: '_blank', rel: 'noopener' })}
  >
    {look.icon && <Icon name={look.icon} />}
    {look.children}
  </a>
)

const classOf = ({ kind, isSmall }: Look): string =>
  `button${kind ? ` button-${kind}` : ''}${isSmall ? ' button-small' : ''}`
