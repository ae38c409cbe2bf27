/** What Node's `util.inspect` looks for; the registered symbol needs no import. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

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

  [INSPECT](): string {
    return '[redacted]'
  }
}
