import { createBatch, getBatch, listBatches, updateBatch } from './operations/batches.ts'

export const batchOperations = [createBatch, listBatches, getBatch, updateBatch]
