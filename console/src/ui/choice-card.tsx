import type { ReactNode } from 'react'

/** One of a few ways that exclude each other, with what it means. `name` ties those of a group together. */
export function ChoiceCard({
  name,
  label,
  hint,
  checked,
  disabled = false,
  onChoose,
}: {
  readonly name: string
  readonly label: ReactNode
  readonly hint: ReactNode
  readonly checked: boolean
  readonly disabled?: boolean
  readonly onChoose: () => void
}) {
  return (
    <label className="flex cursor-pointer gap-2.5 rounded-md border border-line-strong px-3 py-2.5 has-checked:border-accent has-checked:bg-accent-soft has-disabled:cursor-default has-disabled:opacity-60 has-focus-visible:outline-2 has-focus-visible:outline-accent">
      <input
        type="radio"
        name={name}
        checked={checked}
        disabled={disabled}
        onChange={onChoose}
        className="mt-0.5 size-4 shrink-0 accent-accent"
      />
      <span className="min-w-0">
        <span className="block text-sm font-medium">{label}</span>
        <span className="block text-xs text-muted">{hint}</span>
      </span>
    </label>
  )
}
