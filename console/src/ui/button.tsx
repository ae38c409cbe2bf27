import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { cx } from './cx.ts'
import { linkLook } from './link.ts'

interface ButtonProperties extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: 'plain' | 'main' | 'danger' | 'quiet'
  /** Why the button cannot be used; it stays visible and says so. */
  readonly disabledReason?: string | undefined
  readonly children: ReactNode
}

const LOOKS = {
  plain: 'border border-line-strong bg-surface text-ink enabled:hover:bg-raised',
  main: 'bg-accent text-accent-ink enabled:hover:opacity-90',
  danger: 'border border-bad bg-surface text-bad enabled:hover:bg-bad-soft',
  quiet: 'text-muted enabled:hover:bg-raised enabled:hover:text-ink',
} as const

export function Button({ look = 'plain', disabledReason, className, children, ...rest }: ButtonProperties) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled === true || disabledReason !== undefined}
      title={disabledReason ?? rest.title}
      className={cx(
        'inline-flex h-8 items-center justify-center gap-1.5 rounded-md px-3 text-sm font-medium whitespace-nowrap disabled:opacity-55',
        LOOKS[look],
        className,
      )}
    >
      {children}
    </button>
  )
}

/** A button that stands in text and looks like a link there. */
export function LinkButton({ className, ...rest }: ButtonHTMLAttributes<HTMLButtonElement>) {
  return <button type="button" {...rest} className={cx(linkLook, className)} />
}

/** A square button that shows an icon; `label` is its name for those who do not see it. */
export function IconButton({
  label,
  children,
  className,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { readonly label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={cx(
        'inline-flex size-8 shrink-0 items-center justify-center rounded-md text-muted hover:bg-raised hover:text-ink aria-pressed:bg-accent-soft aria-pressed:text-accent',
        className,
      )}
    >
      {children}
    </button>
  )
}
