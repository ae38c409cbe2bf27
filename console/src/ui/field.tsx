import { useId, type InputHTMLAttributes, type ReactNode } from 'react'
import { cx } from './cx.ts'

interface Around {
  readonly label: string
  readonly hint?: ReactNode
  readonly problem?: string | undefined
}

/** What stands around a field: its label, its hint and what is wrong with it. `children` draw the field with the attributes that tie it to them. */
export function FieldFrame({
  label,
  hint,
  problem,
  children,
}: Around & { readonly children: (tie: React.AriaAttributes & { readonly id: string }) => ReactNode }) {
  const id = useId()
  const about = [hint === undefined ? '' : `${id}-hint`, problem === undefined ? '' : `${id}-problem`]
    .join(' ')
    .trim()
  return (
    <div className="mb-4">
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      {children({
        id,
        'aria-invalid': problem !== undefined,
        ...(about === '' ? {} : { 'aria-describedby': about }),
      })}
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

/** A labelled input with its hint and what is wrong with it. */
export function Field({
  label,
  hint,
  problem,
  className,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & Around & { readonly name: string }) {
  return (
    <FieldFrame label={label} hint={hint} problem={problem}>
      {(tie) => (
        <input
          spellCheck={false}
          {...tie}
          {...rest}
          className={cx(
            'h-9 w-full rounded-md border border-line-strong bg-surface px-3 text-sm placeholder:text-muted aria-invalid:border-bad',
            className,
          )}
        />
      )}
    </FieldFrame>
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
