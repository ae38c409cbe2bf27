/** Work that is done again and again in the background of a process. */
export { runLoop } from './loop.ts'
export { runSweep, type UpkeepDependencies } from './sweep.ts'
