/**
 * Work that must not end or stop the process that asks for it, done in processes of its own that can be killed: jobs of many owners, who take
 * turns. What such a process does in a job, only that job pays for; the process is started again.
 */
export { createFairLine } from './fair-line.ts'
export { createJobPool, type JobPool, type Stopped } from './pool.ts'
export { startJobProcess, type JobAnswer, type JobProcess, type JobProcessOptions } from './process.ts'
