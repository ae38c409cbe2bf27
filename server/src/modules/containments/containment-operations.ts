import { createContainment } from './operations/create-containment.ts'
import { liftContainment, requestLift } from './operations/lift-containment.ts'
import { previewContainment } from './operations/preview-containment.ts'
import { getContainment, listContainments } from './operations/read-containments.ts'

export const containmentOperations = [
  createContainment,
  listContainments,
  previewContainment,
  getContainment,
  requestLift,
  liftContainment,
]
