const NAME = 'bulkhead.key'

/** The key lives as long as the tab: a closed browser is signed out. */
export function loadKey(): string | null {
  try {
    return sessionStorage.getItem(NAME)
  } catch {
    return null
  }
}

export function saveKey(key: string | null): void {
  try {
    if (key === null) sessionStorage.removeItem(NAME)
    else sessionStorage.setItem(NAME, key)
  } catch {
    // Storage may be denied; the key then lives until the page is reloaded.
  }
}
