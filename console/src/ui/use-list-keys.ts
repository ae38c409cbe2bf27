import { useEffect } from 'react'

export interface ListKeys {
  /** j and k, with +1 and -1. */
  onMove(step: 1 | -1): void
  onOpen?: () => void
  /** Esc. */
  onLeave?: () => void
}

/** The keys of every list: j and k move, Enter opens, Esc leaves, / searches. Silent while a person types or a dialog is open. */
export function useListKeys(keys: ListKeys): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target))
        return
      const act = actionOf(event, keys)
      if (act === undefined) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [keys])
}

function actionOf(event: KeyboardEvent, keys: ListKeys): (() => void) | undefined {
  switch (event.key) {
    case 'j':
      return () => keys.onMove(1)
    case 'k':
      return () => keys.onMove(-1)
    case 'Enter':
      // On a link or button Enter already has a meaning.
      return event.target === document.body ? keys.onOpen : undefined
    case 'Escape':
      return keys.onLeave
    case '/':
      return () => document.querySelector<HTMLInputElement>('input[data-search]')?.focus()
    default:
      return undefined
  }
}

function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true
  return target instanceof HTMLElement && /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}
