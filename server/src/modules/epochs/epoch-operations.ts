import { bumpWorkspaceEpoch } from './operations/bump-epoch.ts'
import { listEpochs } from './operations/list-epochs.ts'

export const epochOperations = [bumpWorkspaceEpoch, listEpochs]
