import { listRouting, listSources } from './operations/look.ts'
import { pauseSource, resumeSource } from './operations/pause-source.ts'
import { clearRouting, setRouting } from './operations/set-routing.ts'

export const sourceOperations = [
  listSources,
  pauseSource,
  resumeSource,
  listRouting,
  setRouting,
  clearRouting,
]
