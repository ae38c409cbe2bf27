/**
 * Workspaces: the tenants of an installation.
 *
 * Tables owned: workspace. Events: none; audit `workspace.created`.
 * Invariants: only the operator makes workspaces; making one hands out its first API key, and with it the operator's reach ends:
 * no operator key opens a workspace.
 */
export { createWorkspaces } from './workspaces-service.ts'
export type { Workspaces } from './workspaces-service.ts'
export { workspaceOperations } from './workspace-operations.ts'
