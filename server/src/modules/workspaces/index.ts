/**
 * Workspaces: the tenants of an installation.
 *
 * Tables owned: workspace. Events: none; audit `workspace.created`, `workspace.adopted`.
 * Invariants: the operator makes workspaces, and whoever signs up where that is open to all; the operator gets the first API key, and with
 * it his reach ends: no operator key opens a workspace.
 */
export { createWorkspaces } from './workspaces-service.ts'
export type { Workspaces } from './workspaces-service.ts'
export { workspaceOperations } from './workspace-operations.ts'
export { getWorkspace } from './operations/get-workspace.ts'
