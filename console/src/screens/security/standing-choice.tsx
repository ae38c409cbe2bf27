import type { PermissionSet } from '@bulkhead/sdk'
import { useId } from 'react'
import { cx } from '../../ui/cx.ts'
import { counted, ROLES, type Role } from './people-words.ts'

export type Wished = { readonly role: Role } | { readonly permissionSetId: string }

export function isSame(a: Wished, b: Wished): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Chooses a role, or a permission set in its place. What may not be chosen stays visible with its reason. */
export function StandingChoice({
  label,
  sets,
  chosen,
  refusalOf,
  onChoose,
}: {
  readonly label: string
  readonly sets: readonly PermissionSet[]
  readonly chosen: Wished | null
  readonly refusalOf: (wished: Wished) => string | undefined
  readonly onChoose: (wished: Wished) => void
}) {
  const id = useId()
  const options: readonly { wished: Wished; name: string; words: string }[] = [
    ...ROLES.map(({ name, words }) => ({ wished: { role: name }, name, words })),
    ...sets.map((set) => ({
      wished: { permissionSetId: set.id },
      name: set.name,
      words: `Permission set with ${counted(set.scopes.length, 'scope')}.`,
    })),
  ]
  return (
    <fieldset className="mb-4">
      <legend className="mb-1.5 text-sm font-medium">{label}</legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {options.map(({ wished, name, words }, place) => {
          const refusal = refusalOf(wished)
          const isChosen = chosen !== null && isSame(chosen, wished)
          return (
            <label
              key={JSON.stringify(wished)}
              title={refusal}
              className={cx(
                'flex items-start gap-2.5 rounded-md border px-3 py-2 text-sm',
                isChosen ? 'border-accent bg-accent-soft' : 'border-line',
                refusal === undefined ? 'cursor-pointer hover:border-line-strong' : 'cursor-not-allowed',
              )}
            >
              <input
                type="radio"
                name={id}
                className="mt-0.5 shrink-0 accent-accent"
                checked={isChosen}
                disabled={refusal !== undefined}
                aria-describedby={`${id}-${place}`}
                onChange={() => onChoose(wished)}
              />
              <span className="min-w-0">
                <span className="block font-medium">{name}</span>
                <span id={`${id}-${place}`} className="block text-xs text-muted">
                  {refusal ?? words}
                </span>
              </span>
            </label>
          )
        })}
      </div>
    </fieldset>
  )
}
