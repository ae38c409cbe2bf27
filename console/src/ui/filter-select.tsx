import { oneOf } from '../search-values.ts'
import { cx } from './cx.ts'

/** A choice in the row above a list that narrows it. Nothing chosen is everything, and `all` says so. */
export function FilterSelect<Choice extends string>({
  label,
  all,
  choices,
  words,
  value,
  onChange,
  className,
}: {
  /** For those who do not see where it stands. */
  readonly label: string
  readonly all: string
  readonly choices: readonly Choice[]
  /** Choices that are words already need none. */
  readonly words?: (choice: Choice) => string
  readonly value: Choice | undefined
  readonly onChange: (value: Choice | undefined) => void
  readonly className?: string
}) {
  return (
    <select
      aria-label={label}
      value={value ?? ''}
      onChange={(event) => onChange(oneOf(choices, event.target.value))}
      className={cx('h-8 rounded-md border border-line-strong bg-surface px-2 text-sm', className)}
    >
      <option value="">{all}</option>
      {choices.map((choice) => (
        <option key={choice} value={choice}>
          {words === undefined ? choice : words(choice)}
        </option>
      ))}
    </select>
  )
}
