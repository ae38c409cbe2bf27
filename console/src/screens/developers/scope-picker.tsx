import { useId } from 'react'
import { useAccess } from '../../session/access.ts'
import { ChoiceCard } from '../../ui/choice-card.tsx'
import { ScopeChecks } from '../../ui/scope-checks.tsx'
import { PRESETS, SCOPE_GROUPS, scopesOf, type KeyScope, type Preset } from './scopes.ts'

/** What a key may do: a preset in one click, or each scope by its words. What whoever makes the key may not do himself cannot be ticked. */
export function ScopePicker({
  preset,
  scopes,
  onChange,
}: {
  readonly preset: Preset
  readonly scopes: readonly KeyScope[]
  readonly onChange: (preset: Preset, scopes: readonly KeyScope[]) => void
}) {
  const { can } = useAccess()
  const id = useId()
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">What it may do</legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {PRESETS.map(({ name, label, hint }) => (
          <ChoiceCard
            key={name}
            name={`${id}-preset`}
            label={label}
            hint={hint}
            checked={preset === name}
            onChoose={() => onChange(name, name === 'own' ? scopes : scopesOf(name, can))}
          />
        ))}
      </div>
      {preset === 'own' && (
        <div className="mt-3 grid gap-x-6 gap-y-4 rounded-md border border-line p-3 sm:grid-cols-2">
          <ScopeChecks
            groups={SCOPE_GROUPS}
            chosen={scopes}
            held={can}
            onChange={(chosen) => onChange('own', chosen)}
          />
        </div>
      )}
    </fieldset>
  )
}
