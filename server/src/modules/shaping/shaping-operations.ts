import { checkShaping } from './operations/check-shaping.ts'
import { explainMessage } from './operations/explain-message.ts'
import { liftShapingOverlay } from './operations/lift-overlay.ts'
import { listOverlays } from './operations/list-overlays.ts'
import { resolveShaping } from './operations/resolve-shaping.ts'

export const shapingOperations = [
  checkShaping,
  resolveShaping,
  explainMessage,
  listOverlays,
  liftShapingOverlay,
]
