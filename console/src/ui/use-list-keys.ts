import { useEffect, useRef } from 'react'

export interface ListKeys {
  /** j and k, with +1 and -1. */
  onMove?: (step: 1 | -1) => void
  onOpen?: () => void
  /** Esc. */
  onLeave?: () => void
}

/**
 * The keys of every list: j and k move, Enter opens, Esc leaves, / searches. A key without a handler stays the browser's. Silent while a
 * person types or a dialog is open.
 */
export function useListKeys(keys: ListKeys): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target))
        return
      const act = actionOf(event, latest.current)
      if (act === undefined) return
      event.preventDefault()
      act()
    }
    // Once: of two lists on a page the first keeps answering, also after what it lists has changed.
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
}

function actionOf(event: KeyboardEvent, keys: ListKeys): (() => void) | undefined {
  const { onMove } = keys
  switch (event.key) {
    case 'j':
      return onMove && (() => onMove(1))
    case 'k':
      return onMove && (() => onMove(-1))
    case 'Enter':
      return isFree(event.target) ? keys.onOpen : undefined
    case 'Escape':
      return keys.onLeave
    case '/': {
      const search = document.querySelector<HTMLInputElement>('input[data-search]')
      return search === null ? undefined : () => search.focus()
    }
    default:
      return undefined
  }
}

/** On a link or button Enter already has a meaning; on the page, which takes focus to be scrolled, it has none. */
function isFree(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target === document.body || target.tagName === 'MAIN')
}

function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}
