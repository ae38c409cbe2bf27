import { inspect } from 'node:util'

/** A secret that does not print: not by string conversion, not as JSON, not in an inspected object. */
export class Redacted<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** The one way to the value; search for it to find every use of a secret. */
  reveal(): T {
    return this.#value
  }

  toString(): string {
    return '[redacted]'
  }

  toJSON(): string {
    return '[redacted]'
  }

  [inspect.custom](): string {
    return '[redacted]'
  }
}
