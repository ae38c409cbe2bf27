import type { KeyboardEvent, ReactNode } from 'react'
import { cx } from './cx.ts'

export interface Tab<Name extends string> {
  readonly name: Name
  readonly label: ReactNode
}

/** Tabs after the WAI-ARIA pattern: arrow keys move, one tab stop. */
export function Tabs<Name extends string>({
  label,
  tabs,
  chosen,
  onChoose,
  idPrefix,
}: {
  readonly label: string
  readonly tabs: readonly Tab<Name>[]
  readonly chosen: Name
  readonly onChoose: (name: Name) => void
  readonly idPrefix: string
}) {
  const move = (event: KeyboardEvent<HTMLDivElement>): void => {
    const at = tabs.findIndex((tab) => tab.name === chosen)
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -at, End: tabs.length - 1 - at }[event.key]
    const next = step === undefined ? undefined : tabs[(at + step + tabs.length) % tabs.length]
    if (next === undefined) return
    event.preventDefault()
    onChoose(next.name)
    document.getElementById(`${idPrefix}-tab-${next.name}`)?.focus()
  }
  return (
    <div role="tablist" aria-label={label} onKeyDown={move} className="flex gap-1 overflow-x-auto">
      {tabs.map((tab) => (
        <button
          key={tab.name}
          id={`${idPrefix}-tab-${tab.name}`}
          type="button"
          role="tab"
          aria-selected={tab.name === chosen}
          aria-controls={`${idPrefix}-panel`}
          tabIndex={tab.name === chosen ? 0 : -1}
          onClick={() => onChoose(tab.name)}
          className={cx(
            '-mb-px h-9 border-b-2 px-2.5 text-sm font-medium whitespace-nowrap',
            tab.name === chosen ? 'border-accent text-ink' : 'border-transparent text-muted hover:text-ink',
          )}
        >
          {tab.label}
        </button>
      ))}
    </div>
  )
}
