const NAME = 'bulkhead.workspace'

/** Where this person worked last in this browser; no secret. */
export function loadWorkspace(): string | null {
  try {
    return localStorage.getItem(NAME)
  } catch {
    return null
  }
}

export function saveWorkspace(id: string): void {
  try {
    localStorage.setItem(NAME, id)
  } catch {
    // Storage may be denied; the first workspace is shown next time.
  }
}
