import type { Suppression } from '@bulkhead/sdk'

const NAMES: Readonly<Record<string, string>> = {
  code: 'Reply code',
  enhanced: 'Status',
  reply: 'What the server said',
  reason: 'What it means',
  class: 'Cause',
  rule: 'Rule that decided',
  host: 'Server',
  feedbackType: 'Kind of complaint',
  reporter: 'Reported by',
  before: 'What the entry said before',
}

/** What a server or a recipient said, as text: it was written by strangers. */
export function evidenceRows(evidence: Suppression['evidence']): [label: string, value: string][] {
  if (evidence === null) return []
  return Object.entries(evidence).flatMap(([name, value]) => {
    if (value === null || value === '') return []
    const text =
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? String(value)
        : JSON.stringify(value)
    return [[NAMES[name] ?? name, text]]
  })
}
