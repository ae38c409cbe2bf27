import type { ComponentProps } from 'react'
import { ScopeChecks } from '../../ui/scope-checks.tsx'
import { groupScopes } from '../../ui/scope-words.ts'

/** Chooses scopes by what they are about. */
export function ScopePicker<Scope extends string>({
  label,
  scopes,
  ...rest
}: Omit<ComponentProps<typeof ScopeChecks<Scope>>, 'groups'> & {
  readonly label: string
  readonly scopes: readonly Scope[]
}) {
  return (
    <fieldset className="mb-4">
      <legend className="mb-2 text-sm font-medium">{label}</legend>
      <div className="grid gap-x-6 gap-y-3 sm:grid-cols-2 lg:grid-cols-3">
        <ScopeChecks groups={groupScopes(scopes)} {...rest} />
      </div>
    </fieldset>
  )
}
