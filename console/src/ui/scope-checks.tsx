import { Check } from './check.tsx'
import { scopeWords, type ScopeGroup } from './scope-words.ts'

/** Scopes to tick, group by group. What the chooser lacks cannot be given: it stays visible and says so. */
export function ScopeChecks<Scope extends string>({
  groups,
  chosen,
  held,
  onChange,
}: {
  readonly groups: readonly ScopeGroup<Scope>[]
  readonly chosen: readonly Scope[]
  /** Whether the one who chooses has a scope. */
  readonly held: (scope: string) => boolean
  readonly onChange: (chosen: readonly Scope[]) => void
}) {
  const toggle = (scope: Scope, on: boolean): void =>
    onChange(
      groups.flatMap(({ scopes }) => scopes.filter((one) => (one === scope ? on : chosen.includes(one)))),
    )
  return groups.map(({ title, scopes }) => (
    <div key={title} role="group" aria-label={title} className="min-w-0">
      <p className="border-b border-line pb-0.5 text-xs font-semibold text-muted">{title}</p>
      {scopes.map((scope) => (
        <Check
          key={scope}
          label={scopeWords(scope)}
          hint={<span className="font-mono">{scope}</span>}
          checked={chosen.includes(scope)}
          disabledReason={
            held(scope) || chosen.includes(scope)
              ? undefined
              : 'You cannot give what you may not do yourself.'
          }
          onChange={(on) => toggle(scope, on)}
        />
      ))}
    </div>
  ))
}
