import { createWorkspace } from './operations/create-workspace.ts'
import { getWorkspace } from './operations/get-workspace.ts'
import { listWorkspaces } from './operations/list-workspaces.ts'

export const workspaceOperations = [createWorkspace, listWorkspaces, getWorkspace]
