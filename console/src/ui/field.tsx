import { useId, type InputHTMLAttributes, type ReactNode } from 'react'
import { cx } from './cx.ts'

/** A labelled input with its hint and what is wrong with it. */
export function Field({
  label,
  hint,
  problem,
  className,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & {
  readonly label: string
  readonly name: string
  readonly hint?: ReactNode
  readonly problem?: string | undefined
}) {
  const id = useId()
  const about = [hint === undefined ? '' : `${id}-hint`, problem === undefined ? '' : `${id}-problem`]
    .join(' ')
    .trim()
  return (
    <div className="mb-4">
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        spellCheck={false}
        aria-invalid={problem !== undefined}
        {...(about === '' ? {} : { 'aria-describedby': about })}
        {...rest}
        className={cx(
          'h-9 w-full rounded-md border border-line-strong bg-surface px-3 text-sm placeholder:text-muted aria-invalid:border-bad',
          className,
        )}
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="mt-1 text-xs text-muted">
          {hint}
        </p>
      )}
      {problem !== undefined && (
        <p id={`${id}-problem`} role="alert" className="mt-1 text-sm text-bad">
          {problem}
        </p>
      )}
    </div>
  )
}

/** A choice among a few. */
export function Select({
  label,
  children,
  ...rest
}: React.SelectHTMLAttributes<HTMLSelectElement> & { readonly label: string; readonly children: ReactNode }) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <select
        id={id}
        {...rest}
        className="h-9 w-full rounded-md border border-line-strong bg-surface px-2 text-sm disabled:opacity-60"
      >
        {children}
      </select>
    </div>
  )
}
