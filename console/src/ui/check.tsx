import { useId, type ReactNode } from 'react'

/** A yes or no with its words. */
export function Check({
  label,
  hint,
  checked,
  disabled = false,
  disabledReason,
  onChange,
}: {
  readonly label: ReactNode
  readonly hint?: ReactNode
  readonly checked: boolean
  readonly disabled?: boolean
  readonly disabledReason?: string | undefined
  readonly onChange: (checked: boolean) => void
}) {
  const id = useId()
  const isOff = disabled || disabledReason !== undefined
  return (
    <div className="flex items-start gap-2.5 py-1" title={disabledReason}>
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={isOff}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-4 shrink-0 accent-accent"
      />
      <div className="min-w-0">
        <label htmlFor={id} className="text-sm">
          {label}
        </label>
        {hint !== undefined && (
          <p id={`${id}-hint`} className="text-xs text-muted">
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}
