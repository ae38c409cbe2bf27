import { z } from 'zod'
import { encodeId } from '../../kernel/ids.ts'
import type { ContainmentRow, MemberRow, QueueRow, WorkspaceRow } from './staff-store.ts'
import type { Member } from './staff.ts'
import { QueueLine, StaffContainment, StaffWorkspace } from './staff.ts'

/** Pseudonyms: no room for an address. */
export const MEMBER_LABEL = /^[\p{L}\p{N}][\p{L}\p{N} .-]{0,59}$/u

const instant = (date: Date | null): string | null => date?.toISOString() ?? null

export function viewMember(row: MemberRow): z.output<typeof Member> {
  return {
    id: encodeId('staffMember', row.id),
    label: row.label,
    prefix: row.key_prefix,
    createdAt: row.created_at.toISOString(),
    revokedAt: instant(row.revoked_at),
    lastUsedAt: instant(row.last_used_at),
  }
}

export function viewWorkspace(row: WorkspaceRow): z.output<typeof StaffWorkspace> {
  return StaffWorkspace.parse({
    id: encodeId('workspace', row.id),
    name: row.name,
    createdAt: row.created_at.toISOString(),
    apiKeys: Number(row.api_keys),
    smtpCredentials: Number(row.smtp_credentials),
    domains: { verified: Number(row.domains_verified), other: Number(row.domains_other) },
    webhooks: { enabled: Number(row.webhooks_enabled), disabled: Number(row.webhooks_disabled) },
    waiting: Number(row.waiting),
    oldestDue: instant(row.oldest_due),
    contained: Number(row.contained),
  })
}

export function viewQueue(row: QueueRow): z.output<typeof QueueLine> {
  return QueueLine.parse({
    workspaceId: encodeId('workspace', row.workspace_id),
    lane: row.lane,
    waiting: Number(row.waiting),
    inFlight: Number(row.in_flight),
    held: Number(row.held),
    oldestDue: instant(row.oldest_due),
  })
}

export function viewContainment(row: ContainmentRow): z.output<typeof StaffContainment> {
  return StaffContainment.parse({
    id: encodeId('containment', row.id),
    workspaceId: row.workspace_id === null ? null : encodeId('workspace', row.workspace_id),
    scope: row.scope,
    subject: row.subject,
    actorClass: row.actor_class,
    capabilities: row.capabilities,
    reasonCode: row.reason_code,
    reason: row.reason,
    incident: row.incident,
    evidence: row.evidence,
    until: row.until.toISOString(),
    madeBy: row.made_by,
    madeAt: row.made_at.toISOString(),
    state: row.state,
    endedAt: instant(row.ended_at),
    liftRequestedBy: row.requested_by,
  })
}
