import type { Emitter } from 'liquidjs'
import { textOf } from './text-of.ts'

/** What a part prints is longer than it may be. */
export class OutputTooLong extends Error {
  constructor(charsMax: number) {
    super(`prints more than ${charsMax.toLocaleString('en')} characters`)
    this.name = 'OutputTooLong'
  }
}

/** Gathers what a template prints, and stops it where it prints too much: a loop over nothing much fills memory before its time is up. */
export function createBoundedOutput(charsMax: number): Emitter {
  return {
    buffer: '',
    write(value: unknown) {
      const text = textOf(value)
      if (this.buffer.length + text.length > charsMax) throw new OutputTooLong(charsMax)
      this.buffer += text
    },
  }
}
