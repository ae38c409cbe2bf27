/** Who did what: one line of the audit log. It holds no personal data; ids name what was touched. */
export interface AuditRecord {
  /** Null for an act of the installation. */
  readonly workspaceId: string | null
  /** `api_key:<uuid>`, `operator:installation` or the name of a process. */
  readonly actor: string
  readonly action: string
  readonly target: string | null
  readonly detail: Record<string, unknown>
}
