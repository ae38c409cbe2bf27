/** The life of a process: what it is handed, how it reports, how it ends. */
export { childEnvironment, takeHandover, writeHandover } from './environment.ts'
export type { Handover } from './environment.ts'
export { readLiveProcesses } from './live-processes.ts'
export { runProcess } from './run-process.ts'
export type { ProcessContext, ProcessDefinition } from './run-process.ts'
export { openRuntimeDirectory } from './runtime-directory.ts'
