/** What the first steps remember in this browser, by workspace: no secret. */
export interface Kept {
  /** Somebody has put them away. */
  readonly isHidden: boolean
  /** The mail whose story is shown. */
  readonly messageId: string | null
}

const NOTHING: Kept = { isHidden: false, messageId: null }

export function loadKept(workspace: string): Kept {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(nameOf(workspace)) ?? 'null')
    if (typeof found !== 'object' || found === null) return NOTHING
    return {
      isHidden: 'isHidden' in found && found.isHidden === true,
      messageId: 'messageId' in found && typeof found.messageId === 'string' ? found.messageId : null,
    }
  } catch {
    return NOTHING
  }
}

export function saveKept(workspace: string, kept: Kept): void {
  try {
    localStorage.setItem(nameOf(workspace), JSON.stringify(kept))
  } catch {
    // Storage may be denied; the steps then come back with the next page.
  }
}

function nameOf(workspace: string): string {
  return `bulkhead.first-steps.${workspace}`
}
