import { oneOf } from '../../search-values.ts'
import { Select } from '../../ui/field.tsx'
import { DIALECT_NAMES, DIALECT_WORDS, DIALECTS, type Dialect } from './dialects.ts'

/** In which language a version is written, with how a value is put in. */
export function DialectSelect({
  dialect,
  onChange,
  disabled = false,
}: {
  readonly dialect: Dialect
  readonly onChange: (dialect: Dialect) => void
  readonly disabled?: boolean
}) {
  return (
    <div>
      <Select
        label="Written in"
        value={dialect}
        disabled={disabled}
        onChange={(event) => onChange(oneOf(DIALECTS, event.target.value) ?? dialect)}
      >
        {DIALECTS.map((one) => (
          <option key={one} value={one}>
            {DIALECT_NAMES[one]}
          </option>
        ))}
      </Select>
      <p className="mt-1 text-xs text-muted">{DIALECT_WORDS[dialect]}</p>
    </div>
  )
}
